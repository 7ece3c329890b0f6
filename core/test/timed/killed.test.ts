import { expect, test } from "vitest";
import { until } from "../../src/testing/index.ts";
import { aChild, aWitness } from "../fixtures/child.ts";
import { aFloor, inState } from "../fixtures/floor.ts";
import { tells } from "./floor.ts";

const GATE = 4_242;

/** Lets nobody set a job up again as long as somebody holds the gate. */
const HELD = `
  create function public.wait_for_gate() returns trigger language plpgsql as $$
    begin perform pg_advisory_xact_lock_shared(${GATE}); return new; end $$;
  create trigger gate after insert on callsheet.work for each row execute function public.wait_for_gate()`;

test("a process that is killed between the end of an occurrence and the set-up of the next leaves neither", async () => {
  const { cs, database, stage, name, work } = await aFloor({ flags: ["timed"] }, { alone: true });
  const witness = aWitness();
  const { jobId } = await cs.timed.create({ name: "t", action: name, rule: { kind: "daily", at: ["00:00"] } });
  await cs.timed.start("t");
  await database.db.query({ text: HELD, values: [] });
  const gate = await database.db.transaction(async (tx) => {
    await tx.query({ text: `select pg_advisory_xact_lock(${GATE})`, values: [] });
    const child = aChild("timed-node.mjs", { TEST_URL: database.url, TEST_TYPE: name, TEST_WITNESS: witness.file });
    await child.says("working");
    await cs.timed.runNow("t");
    const isWaiting = `select from pg_locks where locktype = 'advisory' and objid = ${GATE} and not granted`;
    await until(async () => (await database.db.query({ text: isWaiting, values: [] })).rows.length > 0);
    child.process.kill("SIGKILL");
    return child.ended;
  });
  expect(gate).toBe("SIGKILL");
  expect(witness.lines()).toEqual(["ran 1"]);
  // What it had written is undone: the occurrence goes on as if it had not ended.
  expect(await cs.timed.get("t")).toMatchObject({ jobState: "running", lastOutcome: null });
  await work();
  const again = await stage.nth(1);
  expect(again.context.attempt).toBe(2);
  again.returns();
  await tells(cs, "by hand completed");
  expect(await inState(cs, jobId, "scheduled")).toMatchObject({ retries: 0 });
  const events = (await cs.jobs.history(jobId)).map(({ event }) => event);
  expect(events.filter((event) => event === "complete" || event === "rearm")).toEqual(["complete", "rearm"]);
});
