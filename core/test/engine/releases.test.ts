import { defineActionType } from "@callsheet/contract";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import type { Callsheet, Created } from "../../src/index.ts";
import { until } from "../../src/testing/index.ts";
import { aChild, aWitness } from "../fixtures/child.ts";
import { aFloor, inState, refusal } from "../fixtures/floor.ts";

/** Two releases of an application over one database: processes with code of several versions of one type. */
async function releases(script: string, type: string) {
  const { database, cs } = await aFloor({}, { alone: true });
  const witness = aWitness();
  const variables = { TEST_DATABASE: database.url, TEST_WITNESS: witness.file };
  /** Who creates jobs with the code of a version at hand. */
  const creator = async (version: number): Promise<Callsheet> => {
    const opened = await database.open();
    const code = { type, version, configuration: z.looseObject({}), run: async () => null };
    await opened.actions.put({
      name: type,
      type: defineActionType(code),
      lock: "exclusive",
      retry: { limit: 1, delayMs: 1 },
    });
    return opened;
  };
  const node = async (name: string, version: number, others: Readonly<Record<string, string>> = {}) => {
    const child = aChild(script, { ...variables, TEST_NODE: name, TEST_VERSION: String(version), ...others });
    await child.says("up");
    return child;
  };
  const begun = (job: Created) =>
    until(() => witness.lines().find((line) => line.startsWith(`begin ${job.id}`)), { what: `The start of ${job.id}` });
  return { cs, witness, creator, node, begun };
}

describe("two releases over one database", () => {
  test("run the jobs that they understand: those of a newer one wait for it, and say so", {
    timeout: 60_000,
  }, async () => {
    const { cs, creator, node } = await releases("node-process.mjs", "witnessed");
    const older = await node("older", 1);
    const [first, second] = [await creator(1), await creator(2)];
    const old = await first.jobs.create("witnessed");
    const fresh = await second.jobs.create("witnessed");
    expect(await cs.jobs.wait(old)).toMatchObject({ state: "completed", node: "older" });
    expect(await cs.jobs.explain(fresh)).toMatchObject({
      reason: "no_such_version",
      sentence:
        "It needs version 2 of witnessed, and at site default 1 node has 1: start a node that runs jobs of version 2.",
      details: { type: "witnessed", version: 2, nodes: ["older"] },
    });
    expect(await cs.jobs.get(fresh)).toMatchObject({ attempt: 0 });
    await node("newer", 2);
    expect(await cs.jobs.wait(fresh)).toMatchObject({ state: "completed", node: "newer" });

    // The newer one reads what was made for the older one, too.
    older.process.kill("SIGTERM");
    await older.ended;
    const late = await first.jobs.create("witnessed");
    expect(await cs.jobs.wait(late)).toMatchObject({ state: "completed", node: "newer" });
  });

  test("leave what is older than they read to nodes that know it", { timeout: 60_000 }, async () => {
    const { cs, creator, node } = await releases("node-process.mjs", "witnessed");
    await node("strict", 3, { TEST_READS_FROM: "2" });
    const old = await (await creator(1)).jobs.create("witnessed");
    const fresh = await (await creator(2)).jobs.create("witnessed");
    expect(await cs.jobs.wait(fresh)).toMatchObject({ state: "completed", node: "strict" });
    expect((await cs.jobs.explain(old)).sentence).toContain(
      "needs version 1 of witnessed, and at site default 1 node has 3 (from 2 on)",
    );
    await node("older", 1);
    expect(await cs.jobs.wait(old)).toMatchObject({ state: "completed", node: "older" });
  });

  test("check what is created without code by the newest that lives", { timeout: 60_000 }, async () => {
    const { cs, creator, node } = await releases("node-process.mjs", "witnessed");
    const action = await creator(1);
    const newer = await node("newer", 2);
    await node("older", 1);
    newer.process.kill("SIGTERM");
    await newer.ended;
    const job = await cs.jobs.create("witnessed");
    expect(await action.jobs.wait(job)).toMatchObject({ state: "completed", node: "older" });
  });

  test("move a job to the release whose code amends it", {
    timeout: 60_000,
  }, async () => {
    const { cs, creator, node, begun, witness } = await releases("node-process.mjs", "witnessed");
    await node("older", 1);
    const job = await (await creator(1)).jobs.create("witnessed", { startAt: null });
    await (await creator(2)).jobs.amend(job, { how: "returns" });
    await cs.jobs.schedule(job, new Date(0));
    expect((await cs.jobs.explain(job)).reason).toBe("no_such_version");
    await node("newer", 2);
    expect(await begun(job)).toBe(`begin ${job.id} 1 newer`);
    expect(witness.lines().filter((line) => line.endsWith("older"))).toEqual([]);
  });

  test("do not wait for each other's objects: who cannot run stands in nobody's way", { timeout: 60_000 }, async () => {
    const { cs, creator, node, begun, witness } = await releases("node-process.mjs", "witnessed");
    await node("older", 1);
    const [first, second] = [await creator(1), await creator(2)];
    const target = { type: "reel", id: "7" };
    const holds = await first.jobs.create("witnessed", { target, configuration: { how: "waits" } });
    await begun(holds);
    const newer = await node("newer", 2);
    const next = await second.jobs.create("witnessed", { target });
    await inState(cs, next, "waiting_for_lock");
    const last = await first.jobs.create("witnessed", { target });
    await inState(cs, last, "waiting_for_lock");
    newer.process.kill("SIGTERM");
    await newer.ended;
    witness.say("go on");
    expect(await cs.jobs.wait(last)).toMatchObject({ state: "completed", node: "older" });
    expect(await cs.jobs.get(next)).toMatchObject({ attempt: 0 });
    await node("newer again", 2);
    expect(await cs.jobs.wait(next)).toMatchObject({ state: "completed", node: "newer again" });
  });

  test("do not undo what the other journaled unless they know it", { timeout: 60_000 }, async () => {
    const { cs, creator, node, witness } = await releases("undo-process.mjs", "undoing");
    // It would say so, and die.
    const older = await node("older", 1, { TEST_DIES: "while" });
    const newer = await node("newer", 2, { TEST_DIES: "before" });
    const job = await (await creator(2)).jobs.create("undoing");
    expect(await newer.ended).toBe("SIGKILL");
    await inState(cs, job, "retrying");
    await node("newer again", 2);
    expect(await cs.jobs.wait(job)).toMatchObject({ state: "completed", attempt: 2, node: "newer again" });
    expect(witness.lines()).toEqual(["done 1", "done 2", "done 3", "undone 3", "undone 2", "undone 1"]);
    expect(older.process.exitCode).toBeNull();
  });
});

test.each([0, 1.5, "2", 2 ** 31])("a version that does not count up from 1 is refused: %j", async (version) => {
  const { cs } = await aFloor();
  const code = { type: "odd", configuration: z.object({}), run: async () => null };
  for (const odd of [{ version }, { version: 3, readsFrom: version }, { version: 3, readsFrom: 4 }]) {
    const type = defineActionType({ ...code, ...(odd as { version: number }) });
    expect(await refusal(() => cs.actions.put({ name: "odd", type }))).toMatchObject({ code: "invalid_argument" });
  }
});
