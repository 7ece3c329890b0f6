import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { until } from "../../src/testing/index.ts";
import { aFloorWith, type Floor } from "../fixtures/floor.ts";
import { crews } from "../groups/crew.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** What is still reachable, in bytes. */
function reachable(): number {
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}

async function createJobs({ cs, name }: Floor, jobs: number): Promise<void> {
  const inputs = Array.from({ length: 5_000 }, (_, n) => ({ configuration: { n } }));
  for (let created = 0; created < jobs; created += inputs.length) await cs.jobs.createMany(name, inputs);
}

async function createGroup({ create }: Floor, jobs: number): Promise<void> {
  await create({ target: { type: "crew", id: String(jobs) } });
}

test.each([
  { what: "jobs", createThem: createJobs },
  { what: "members of a group", createThem: createGroup },
])(
  "a process keeps nothing of the $what that it created and that went through its node",
  {
    timeout: 120_000,
  },
  async ({ createThem }) => {
    let ended = 0;
    const run = async () => void ended++;
    const floor = await aFloorWith(run, { flags: ["groupMember"] }, { alone: true, slots: 50, resolvers: [crews] });
    const drain = async (jobs: number) => {
      const wanted = ended + jobs;
      await createThem(floor, jobs);
      await until(() => ended === wanted, { deadlineMs: 60_000 });
      await until(async () => (await floor.cs.jobs.count()).running === 0);
    };

    await drain(20_000);
    const before = reachable();
    await drain(40_000);
    // A number kept of each would be a third of a megabyte, an object with its id more than three.
    expect(reachable() - before).toBeLessThan(300_000);
  },
);
