import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { until } from "../../src/testing/index.ts";
import { aChild, aWitness } from "../fixtures/child.ts";
import { aFloor, eventsOf } from "../fixtures/floor.ts";
import { aFolder } from "../fixtures/folder.ts";

/** In earnest others take over after 12 s of silence; here after 4. */
const PACE = 3;

async function aFarmedFloor() {
  const { database, cs } = await aFloor({}, { alone: true });
  const [witness, folder] = [aWitness(), aFolder()];
  const retry = { limit: 0, delayMs: 1, jitter: 0 };
  await cs.actions.put({ name: "farmed", type: "farmed", retry, lock: "exclusive", cancellable: "asks" });
  const aNode = (name: string) =>
    aChild("farm-process.mjs", {
      ...{ TEST_DATABASE: database.url, TEST_WITNESS: witness.file, TEST_NODE: name, TEST_PACE: String(PACE) },
      TEST_FOLDER: folder.path,
    });
  const said = (word: string, node: string) =>
    witness.lines().filter((line) => line.startsWith(word) && line.includes(node));
  const polledBy = (node: string, times = 1) =>
    until(() => said("polled", node).length >= times, { what: `A poll by ${node}`, deadlineMs: 20_000 });
  const finish = (id: string) => writeFileSync(join(folder.path, id), "rendered");
  return { database, cs, witness, aNode, said, polledBy, finish };
}

describe("when the node dies whose handler let the work go on elsewhere", () => {
  test("the attempt is not lost for it: another node polls on, and it ends once", { timeout: 60_000 }, async () => {
    const { cs, aNode, said, polledBy, finish } = await aFarmedFloor();
    const first = aNode("first");
    const target = { type: "asset", id: "A-17" };
    const job = await cs.jobs.create("farmed", { target });
    await polledBy("first", 2);
    first.process.kill("SIGKILL");
    await first.ended;
    const second = aNode("second");
    await second.says("up");
    await polledBy("second");
    const dead = () => cs.nodes.list({ ended: true }).then((all) => all.some(({ state }) => state === "dead"));
    await until(dead, { what: "The death of the first node", deadlineMs: 30_000 });
    expect(await cs.jobs.get(job)).toMatchObject({ state: "running", attempt: 1, node: null });
    expect(await cs.locks.get(target)).toMatchObject({ holders: [{ jobId: job.id }] });
    finish(job.id);
    expect(await cs.jobs.wait(job, { timeoutMs: 20_000 })).toMatchObject({
      ...{ state: "completed", attempt: 1, result: { found: "rendered", by: "second" }, rollback: "none" },
    });
    expect(said("begun", job.id)).toHaveLength(1);
    expect(await eventsOf(cs, job)).toEqual(["create", "elsewhere", "complete"]);
    expect(await cs.locks.get(target)).toMatchObject({ holders: [] });
  });

  test("it is polled on after a restart of the only node, or told by its token meanwhile", {
    timeout: 60_000,
  }, async () => {
    const { cs, aNode, said, polledBy, finish } = await aFarmedFloor();
    const [polled, told] = [await cs.jobs.create("farmed"), await cs.jobs.create("farmed")];
    const first = aNode("once");
    await until(() => said("begun", "once").length === 2, { what: "Both handlers", deadlineMs: 20_000 });
    await until(async () => (await cs.jobs.get(told)).elsewhere !== null, { what: "Work elsewhere" });
    await until(async () => (await cs.jobs.get(polled)).elsewhere !== null, { what: "Work elsewhere" });
    first.process.kill("SIGTERM");
    await first.says("closed");
    const token = said("begun", told.id)[0]!.split(" ").at(-1)!;
    // Nobody works now.
    expect(await cs.elsewhere.complete(token, "by hand")).toBe("completed");
    expect(await cs.jobs.get(polled)).toMatchObject({ state: "running", node: null });
    finish(polled.id);
    aNode("again");
    await polledBy("again");
    expect(await cs.jobs.wait(polled, { timeoutMs: 20_000 })).toMatchObject({
      state: "completed",
      result: { by: "again" },
    });
    expect(await cs.jobs.get(told)).toMatchObject({ state: "completed", result: "by hand", attempt: 1 });
  });

  test("in the middle of a poll, another one takes that over", { timeout: 60_000 }, async () => {
    const { cs, aNode, polledBy, finish } = await aFarmedFloor();
    const first = aNode("first");
    const job = await cs.jobs.create("farmed", { configuration: { how: "dies polling" } });
    expect(await first.ended).toBe("SIGKILL");
    const second = aNode("second");
    await second.says("up");
    await polledBy("second");
    finish(job.id);
    expect(await cs.jobs.wait(job, { timeoutMs: 20_000 })).toMatchObject({
      state: "completed",
      result: { by: "second" },
      attempt: 1,
    });
  });

  test("and the work fails, what the attempt did is undone by another node", { timeout: 60_000 }, async () => {
    const { cs, aNode, said } = await aFarmedFloor();
    const first = aNode("first");
    const target = { type: "asset", id: "A-18" };
    const job = await cs.jobs.create("farmed", { target });
    await until(async () => (await cs.jobs.get(job)).elsewhere !== null, {
      what: "Work elsewhere",
      deadlineMs: 20_000,
    });
    first.process.kill("SIGKILL");
    await first.ended;
    const token = said("begun", job.id)[0]!.split(" ").at(-1)!;
    expect(await cs.elsewhere.fail(token, { code: "broken", message: "It broke." })).toBe("failed");
    expect(await cs.jobs.get(job)).toMatchObject({ state: "failed", rollback: "required" });
    expect(await cs.locks.get(target)).toMatchObject({ holders: [{ jobId: job.id }] });
    aNode("second");
    expect(await cs.jobs.wait(job, { timeoutMs: 20_000 })).toMatchObject({ state: "failed", rollback: "done" });
    expect(said("undone", job.id)).toEqual([`undone ${job.id} 1`]);
    expect(await cs.locks.get(target)).toMatchObject({ holders: [] });
  });
});
