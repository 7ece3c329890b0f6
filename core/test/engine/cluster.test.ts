import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Callsheet } from "../../src/index.ts";
import { until } from "../../src/testing/index.ts";
import { aChild, aWitness } from "../fixtures/child.ts";
import { aFloor, eventsOf, lineOf } from "../fixtures/floor.ts";
import { aFolder } from "../fixtures/folder.ts";

/** In earnest others take over after 12 s of silence; here after 4. */
const PACE = 3;

async function lives(cs: Callsheet) {
  const nodes = await cs.nodes.list({ ended: true });
  return nodes.map(({ name, state }) => `${name} ${state}`).sort();
}

describe("three node processes", () => {
  test("of which one is killed and one stands still past its lease lose no job, and hear no late word", {
    timeout: 90_000,
  }, async () => {
    const { database, cs } = await aFloor({}, { alone: true });
    const retry = { limit: 0, delayMs: 1, jitter: 0 };
    await cs.resources.put("drive", { capacity: 3 });
    await cs.actions.put({ name: "held", type: "witnessed", retry, lock: "exclusive", needs: { drive: 1 } });
    await cs.actions.put({ name: "plain", type: "witnessed", retry });
    const [witness, folder] = [aWitness(), aFolder()];
    const aNode = (name: string) =>
      aChild("node-process.mjs", {
        ...{ TEST_DATABASE: database.url, TEST_WITNESS: witness.file, TEST_NODE: name },
        ...{ TEST_SLOTS: "3", TEST_PACE: String(PACE) },
      });
    const begun = (name: string) => witness.lines().filter((line) => line.startsWith("begin") && line.endsWith(name));

    const target = { type: "asset", id: "A-17" };
    const late = await cs.jobs.create("held", {
      ...{ target, configuration: { how: "waits", destination: folder.at("proxy.mp4") } },
    });
    const paused = aNode("paused");
    await until(() => begun("paused").length === 1, { what: "The first handler", deadlineMs: 20_000 });
    const next = await cs.jobs.create("held", { target });

    // What the killed one runs is its own alone: nobody else is there yet.
    paused.process.kill("SIGSTOP");
    const lost = await cs.jobs.create("plain", { configuration: { how: "stays" } });
    const killed = aNode("killed");
    await until(() => begun("killed").length === 1, { what: "The second handler", deadlineMs: 20_000 });
    const third = aNode("third");
    await third.says("up");
    const many = await cs.jobs.createMany(
      "plain",
      Array.from({ length: 200 }, () => ({ configuration: { how: "takes 50 ms" } })),
    );
    killed.process.kill("SIGKILL");

    const all = [late, next, lost, ...many];
    await until(async () => (await cs.jobs.count()).completed === all.length, { deadlineMs: 60_000, what: "All ends" });
    expect(await cs.jobs.get(late)).toMatchObject({ node: "third", attempt: 2, retries: 0, result: { attempt: 2 } });
    expect(await cs.jobs.get(next)).toMatchObject({ node: "third", attempt: 1 });
    expect(await cs.jobs.get(lost)).toMatchObject({ node: "third", attempt: 2 });
    expect(await lineOf(cs, late, "back_off")).toMatchObject({
      node: "paused",
      data: { error: { code: "node_lost" } },
    });
    expect(await lives(cs)).toEqual(["killed dead", "paused dead", "third up"]);

    witness.say("go on");
    paused.process.kill("SIGCONT");
    await paused.says("was declared dead");
    const again = await until(
      async () => (await cs.nodes.list()).find(({ name, refused }) => name === "paused" && refused > 0),
      { deadlineMs: 30_000, what: "The count of refused words" },
    );
    expect(again).toMatchObject({ state: "up", refused: 1 });
    expect(await cs.jobs.get(late)).toMatchObject({ node: "third", attempt: 2, result: { attempt: 2 } });
    expect(readFileSync(folder.at("proxy.mp4"), "utf8")).toBe("by attempt 2");
    await until(() => folder.names().length === 1, { what: "The end of what the late one had staged" });
    for (const job of all) await eventsOf(cs, job);
    expect(await cs.locks.list()).toEqual([]);
    expect(await cs.resources.get("drive")).toMatchObject({ used: 0 });
    expect(await lives(cs)).toEqual(["killed dead", "paused dead", "paused up", "third up"]);
  });
});

test("a process that stands still in the middle of a transaction holds nobody up for long", async () => {
  const { database } = await aFloor({}, { alone: true });
  const { store } = await database.open().then(() => database);
  const nodeId = await store.registerNode({
    ...{
      name: "held",
      incarnation: "01890000-0000-4000-8000-000000000000",
      host: "h",
      bootId: "b",
      pid: 1,
      pidStarted: "1",
    },
    ...{ site: "default", slots: 1, types: [], capabilities: [] },
  });
  const standing = store.transaction(async (tx) => {
    await tx.setDraining(nodeId);
    expect(await store.endNode(nodeId, "gone", "by a test")).toBe(true);
  });
  await expect(standing).rejects.toMatchObject({ code: "database_lost" });
});

describe("what a process left running when it was killed", () => {
  test("is ended on its machine before its jobs run again; what others started is not", async (context) => {
    context.skip(!existsSync("/proc/self/environ"), "no /proc");
    const { database, cs } = await aFloor({}, { alone: true });
    await cs.actions.put({ name: "plain", type: "witnessed", retry: { limit: 0, delayMs: 1, jitter: 0 } });
    const witness = aWitness();
    const aNode = (name: string) =>
      aChild("node-process.mjs", { TEST_DATABASE: database.url, TEST_WITNESS: witness.file, TEST_NODE: name });
    const started = (name: string, attempt: number) => {
      const line = witness.lines().find((one) => one.startsWith(`started ${attempt} `) && one.endsWith(` ${name}`));
      return line === undefined ? undefined : Number(line.split(" ")[2]);
    };
    const first = aNode("first");
    const job = await cs.jobs.create("plain", { configuration: { how: "leaves a process" } });
    const left = await until(() => started("first", 1), { what: "Its process", deadlineMs: 20_000 });
    first.process.kill("SIGKILL");
    await first.ended;
    expect(isThere(left)).toBe(true);
    const second = aNode("second");
    const own = await until(() => started("second", 2), { what: "The next one's process", deadlineMs: 20_000 });
    // The handler of the second attempt looked before it said so.
    expect(witness.lines()).toContain(`saw ${left} gone`);
    expect(isThere(left)).toBe(false);
    expect(isThere(own)).toBe(true);
    expect(await cs.jobs.wait(job)).toMatchObject({ state: "completed", attempt: 2 });
    process.kill(own, "SIGKILL");
    second.process.kill("SIGKILL");
  });
});

function isThere(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}
