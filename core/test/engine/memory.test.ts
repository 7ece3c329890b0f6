import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { until } from "../../src/testing/index.ts";
import { aFloorWith } from "../fixtures/floor.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** What is still reachable, in bytes. */
function reachable(): number {
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}

test("a node keeps nothing of the jobs that went through it", async () => {
  let ended = 0;
  const { cs, name } = await aFloorWith(async () => void ended++, {}, { alone: true, slots: 50 });
  const inputs = Array.from({ length: 5_000 }, (_, n) => ({ configuration: { n } }));
  const drain = async (jobs: number) => {
    const wanted = ended + jobs;
    for (let created = 0; created < jobs; created += inputs.length) await cs.jobs.createMany(name, inputs);
    await until(() => ended === wanted, { deadlineMs: 60_000 });
    await until(async () => (await cs.jobs.count()).running === 0);
  };

  await drain(20_000);
  const before = reachable();
  await drain(60_000);
  // A number kept of each would be half a megabyte, an object with its id eight.
  expect(reachable() - before).toBeLessThan(400_000);
}, 120_000);
