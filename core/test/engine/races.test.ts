import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { aJob, aNode, until } from "../../src/testing/index.ts";
import { aFloor, aType, eventsOf, refusal } from "../fixtures/floor.ts";

const JOBS = 40;

describe("a cancel at the moment in which the attempt ends", () => {
  test("and its end: the first that is stored counts, the other is told so, and history agrees", async () => {
    const { cs, name, stage, work } = await aFloor({ cancellable: "abandon" }, { alone: true });
    const node = await work({ slots: JOBS });
    const jobs = await cs.jobs.createMany(
      name,
      Array.from({ length: JOBS }, () => ({})),
    );
    await stage.nth(JOBS);
    const ends = new Map(stage.entered.map((one) => [one.context.job.id, one]));
    // One is certainly cancelled before, one has certainly ended before; the others meet.
    await cs.jobs.cancel(jobs[0]!);
    ends.get(jobs[1]!.id)!.returns("done");
    await cs.jobs.wait(jobs[1]!);
    const told = await Promise.all(
      jobs.map(async ({ id }, n) => {
        const ended = turn().then(() => ends.get(id)!.returns("done"));
        for (let wait = n % 8; wait > 0; wait--) await turn();
        const said = n === 0 ? "cancelled" : await cs.jobs.cancel(id).catch((error: { code: string }) => error.code);
        await ended;
        return said;
      }),
    );
    await until(() => node.running === 0, { what: "The end of all attempts" });
    for (const [n, { id }] of jobs.entries()) {
      const { state, result } = await cs.jobs.get(id);
      const events = (await eventsOf(cs, id)).filter((event) => event !== "start");
      const expected =
        told[n] === "cancelled"
          ? { state: "cancelled", result: null, events: ["create", "abandon"] }
          : { state: "completed", result: "done", events: ["create", "complete"] };
      expect({ state, result, events }).toEqual(expected);
    }
    expect(new Set(told)).toEqual(new Set(["cancelled", "wrong_state"]));
    expect((await refusal(() => cs.jobs.cancel(jobs[1]!))).code).toBe("wrong_state");
  });
});

describe("the death of a node that several find at once", () => {
  test("is told to each of its jobs once, and counts once", async () => {
    const { database, cs } = await aFloor({}, { alone: true });
    await aNode(database);
    const jobs: string[] = [];
    for (let n = 0; n < 24; n++)
      jobs.push((await aJob(database, { state: "running", ...(n % 2 === 0 ? { as: "member" as const } : {}) })).id);
    await database.db.query({ text: "update callsheet.node set state = 'dead', ended_at = now()", values: [] });
    // Whoever starts looks for what dead ones left behind.
    const finders = Array.from({ length: 4 }, async (_, n) => {
      const other = await database.open();
      return other.work({ name: `finder-${n}`, types: [aType(() => null, "another")] });
    });
    await Promise.all(finders);
    const waiting = async () => (({ pending, queued }) => pending + queued)(await cs.jobs.count());
    await until(async () => (await waiting()) === jobs.length, { what: "The recovery of all jobs" });
    for (const id of jobs) {
      const lines = await cs.jobs.history(id);
      const deaths = lines.filter(({ data }) => JSON.stringify(data ?? null).includes('"node_lost"'));
      expect(deaths.map(({ event, attempt }) => [event, attempt])).toEqual([["back_off", 1]]);
      expect(await cs.jobs.get(id)).toMatchObject({ attempt: 1 });
    }
    const { rows } = await database.db.query<{ crashes: number }>({
      text: "select distinct crashes from callsheet.work",
      values: [],
    });
    expect(rows).toEqual([{ crashes: 1 }]);
  });
});
