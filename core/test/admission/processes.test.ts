import { defineActionType } from "@callsheet/contract";
import { expect, test } from "vitest";
import { z } from "zod";
import { expectSound, openTestDatabase } from "../../src/testing/index.ts";
import { aChild, aWitness } from "../fixtures/child.ts";
import { aCrowd, dice, putPools } from "./crowd.ts";
import { allEnded, expectNoDeadlock, watchHoldings } from "./guards.ts";
import { checkRest } from "./holdings.ts";

const JOBS = 400;
const KILLS = 3;

test(`${JOBS} jobs of random needs end on four node processes, of which some are killed`, {
  timeout: 240_000,
}, async () => {
  const database = await openTestDatabase();
  const witness = aWitness();
  await watchHoldings(database);
  const roll = dice(7);
  const capacities = await putPools(database, roll);
  const cs = await database.open();
  const type = defineActionType({
    ...{ type: "witnessed", version: 1, configuration: z.looseObject({}) },
    run: async () => {},
  });
  const action = await cs.actions.put({ name: "edit", type, retry: { limit: 3, delayMs: 1, jitter: 0 } });
  await cs.jobs.createMany(action, aCrowd(JOBS, capacities, roll));
  const start = (name: string) =>
    aChild("node-process.mjs", {
      ...{ TEST_DATABASE: database.url, TEST_WITNESS: witness.file, TEST_NODE: name, TEST_SLOTS: "12" },
    });
  const nodes = await Promise.all(["n0", "n1", "n2", "n3"].map(async (name) => ({ name, child: start(name) })));
  for (const { child } of nodes) await child.says("up");
  for (let kill = 1; kill <= KILLS; kill++) {
    await allEnded(database, Math.floor((JOBS * kill) / (KILLS + 2)), 60_000);
    const one = nodes[kill % nodes.length]!;
    one.child.process.kill("SIGKILL");
    await one.child.ended;
    one.child = start(one.name);
  }
  await allEnded(database, JOBS, 120_000);
  expect((await database.store.countStates()).completed).toBe(JOBS);
  for (const { child } of nodes) {
    // The last one that was started may have found nothing to do any more.
    await child.says("up");
    child.process.kill("SIGTERM");
    await child.says("closed");
    await child.ended;
    expect(child.output()).not.toMatch(/deadlock|out of turn|overdrawn|does not grow/);
  }
  await checkRest(database);
  await expectSound(database);
  await expectNoDeadlock(database);
  await database.close();
});
