import { defineActionType } from "@callsheet/contract";
import { expect, test } from "vitest";
import { z } from "zod";
import { expectSound, openTestDatabase } from "../../src/testing/index.ts";
import { aChild, aWitness } from "../fixtures/child.ts";
import { allEnded, expectNoDeadlock, watchHoldings } from "./guards.ts";
import { checkRest } from "./holdings.ts";

const [JOBS, OBJECTS, KILLS] = [6_000, 300, 2];

test(`${JOBS} jobs of ${OBJECTS} objects end on two node processes that keep objects, though one of them is killed ${KILLS} times`, {
  timeout: 240_000,
}, async () => {
  const database = await openTestDatabase();
  const witness = aWitness();
  await watchHoldings(database);
  const cs = await database.open();
  const type = defineActionType({
    ...{ type: "witnessed", version: 1, configuration: z.looseObject({}) },
    run: async () => {},
  });
  const retry = { limit: 3, delayMs: 1, jitter: 0 };
  const action = await cs.actions.put({ name: "edit", type, lock: "exclusive", retry });
  await cs.jobs.createMany(
    action,
    Array.from({ length: JOBS }, (_, n) => ({ target: { type: "asset", id: `${n % OBJECTS}` } })),
  );
  const start = (name: string) =>
    aChild("node-process.mjs", {
      ...{ TEST_DATABASE: database.url, TEST_WITNESS: witness.file, TEST_NODE: name, TEST_SLOTS: "300" },
    });
  const other = start("other");
  let one = start("one");
  for (const child of [one, other]) await child.says("up");
  const kept = async () => {
    const text = "select count(*)::int as count from callsheet.object where keeper_id is not null";
    return (await database.db.query<{ count: number }>({ text, values: [] })).rows[0]!.count;
  };
  let most = 0;
  for (let kill = 1; kill <= KILLS; kill++) {
    await allEnded(database, Math.floor((JOBS * kill) / (KILLS + 1)), 60_000);
    most = Math.max(most, await kept());
    one.process.kill("SIGKILL");
    await one.ended;
    one = start("one");
  }
  await allEnded(database, JOBS, 120_000);
  expect(most).toBeGreaterThan(OBJECTS / 4);
  expect((await database.store.countStates()).completed).toBe(JOBS);
  for (const child of [one, other]) {
    await child.says("up");
    child.process.kill("SIGTERM");
    await child.says("closed");
    await child.ended;
    expect(child.output()).not.toMatch(/deadlock|out of turn|while .* stands there|does not grow/);
  }
  expect(await kept()).toBe(0);
  await checkRest(database);
  await expectSound(database);
  await expectNoDeadlock(database);
  await database.close();
});
