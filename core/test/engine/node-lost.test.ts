import { expect, test } from "vitest";
import type { ActionInput, OnNodeLost } from "../../src/index.ts";
import { aChild, aWitness } from "../fixtures/child.ts";
import { aFloor, aType, eventsOf, inState, lineOf } from "../fixtures/floor.ts";

test.each<[string, OnNodeLost, Partial<ActionInput>, string]>([
  ["fails where the type says so, whatever its policy of retries", "fail", {}, "failed"],
  ["fails where the action says so", "retry", { onNodeLost: "fail" }, "failed"],
  ["is tried again where the action overrules its type", "fail", { onNodeLost: "retry" }, "retrying"],
])("a job whose node is killed %s", async (_, onNodeLost, fields, state) => {
  const { database, cs } = await aFloor({}, { alone: true });
  const action = {
    name: "held",
    type: "witnessed",
    lock: "exclusive",
    retry: { limit: 3, delayMs: 60_000, jitter: 0 },
  } as const;
  await cs.actions.put({ ...action, ...fields });
  const target = { type: "reel", id: "7" };
  const variables = { TEST_DATABASE: database.url, TEST_WITNESS: aWitness().file };
  const killed = aChild("node-process.mjs", { ...variables, TEST_ON_NODE_LOST: onNodeLost });
  await killed.says("up");
  const job = await cs.jobs.create("held", { target, configuration: { how: "aborts" } });
  expect(await killed.ended).toBe("SIGKILL");
  // Who recovers it has no code of its type: what that says was told by the dead.
  await cs.work({ name: "other", types: [aType(() => null, "other")] });
  await inState(cs, job, state);
  expect(await cs.jobs.get(job)).toMatchObject({ attempt: 1, retries: 0, error: { code: "node_lost" } });
  expect(await lineOf(cs, job, state === "failed" ? "fail" : "back_off")).toMatchObject({ node: "child" });
  expect(await cs.locks.list()).toEqual([]);
  if (state === "failed") {
    await cs.jobs.retry(job);
    expect((await eventsOf(cs, job)).at(-1)).toBe("retry");
  }
});
