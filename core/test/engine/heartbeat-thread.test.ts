import { syncBuiltinESMExports } from "node:module";
import threads, { type Worker } from "node:worker_threads";
import { expect, onTestFinished, test, vi } from "vitest";
import { until } from "../../src/testing/index.ts";
import { paced } from "../fixtures/paced.mjs";

/** The threads that are started from now on. */
function watchThreads(): readonly Worker[] {
  const started: Worker[] = [];
  const { Worker: original } = threads;
  threads.Worker = class extends original {
    constructor(...how: ConstructorParameters<typeof original>) {
      super(...how);
      started.push(this);
    }
  };
  syncBuiltinESMExports();
  onTestFinished(() => {
    threads.Worker = original;
    syncBuiltinESMExports();
  });
  return started;
}

/** Another file of this process may have left it a thread: modules of their own know of none. */
async function freshModules() {
  vi.resetModules();
  const { aFloor } = await import("../fixtures/floor.ts");
  const { systemEnvironment } = await import("../../src/index.ts");
  return { aFloor, systemEnvironment };
}

test("one thread beats for all nodes of a process, also those to come; when it ends, another does", async () => {
  const started = watchThreads();
  const { aFloor, systemEnvironment } = await freshModules();
  const { cs, stage, database } = await aFloor({}, { alone: true, environment: paced(systemEnvironment(), 5) });
  const beats = async (name: string) => {
    const node = (await database.store.heartbeats()).find((one) => one.name === name);
    return Number(node?.counter);
  };
  const beatsOn = async (...names: readonly string[]) => {
    for (const name of names) {
      const before = await beats(name);
      await until(async () => (await beats(name)) > before, { what: `A heartbeat of ${name}`, deadlineMs: 20_000 });
    }
  };
  const work = (name: string) => cs.work({ name, types: [stage.type] });
  const first = await work("first");
  await beatsOn("first");
  await first.stop();
  await work("second");
  await work("third");
  await beatsOn("second", "third");
  expect(started).toHaveLength(1);
  await started[0]!.terminate();
  await beatsOn("second", "third");
  expect(started).toHaveLength(2);
});

test("who works soon has the thread before its first job; one that is closed before starts none", async () => {
  const { aFloor, systemEnvironment } = await freshModules();
  const readied: string[] = [];
  const soon = (name: string) => {
    const environment = { ...systemEnvironment(), readyPulse: () => void readied.push(name) };
    return aFloor({}, { alone: true, worksSoon: true, environment });
  };
  const closed = await soon("closed");
  await closed.cs.close();
  const { database } = await soon("open");
  await until(() => readied.length > 0, { what: "The thread" });
  expect(readied).toEqual(["open"]);
  expect(await database.store.heartbeats()).toEqual([]);
});
