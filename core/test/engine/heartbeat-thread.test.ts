import { syncBuiltinESMExports } from "node:module";
import threads, { type Worker } from "node:worker_threads";
import { expect, onTestFinished, test, vi } from "vitest";
import { systemEnvironment } from "../../src/index.ts";
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

test("one thread beats for all nodes of a process, also those to come; when it ends, another does", async () => {
  const started = watchThreads();
  // Another file of this process may have left it a thread: modules of its own know of none.
  vi.resetModules();
  const { aFloor } = await import("../fixtures/floor.ts");
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
