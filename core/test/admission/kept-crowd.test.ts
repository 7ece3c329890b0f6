import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import { isTransient } from "../../src/store/failure.ts";
import { openTestDatabase, type TestDatabase } from "../../src/testing/index.ts";
import { dice } from "./crowd.ts";
import { aDispatcher, type Dispatcher } from "./dispatcher.ts";
import { expectNoDeadlock, watchHoldings } from "./guards.ts";
import { checkRest } from "./holdings.ts";

const [JOBS, DISPATCHERS, OBJECTS, SEED] = [600, 12, 30, 11];

interface Crowd {
  readonly database: TestDatabase;
  readonly roll: (below: number) => number;
  readonly isOver: () => boolean;
  /** How many jobs started at objects that their node kept. */
  kept: number;
}

/** Claims, and ends what it claimed in one way or another. */
async function work(crowd: Crowd, dispatcher: Dispatcher): Promise<void> {
  const { database, roll, isOver } = crowd;
  while (!isOver()) {
    const jobs = await dispatcher.claim(1 + roll(8));
    if (jobs.length === 0) await pause(roll(10));
    crowd.kept += jobs.filter(({ isKept }) => isKept).length;
    for (const job of jobs) {
      await pause(roll(2));
      if (roll(8) === 0 && job.ordinal > 0)
        await database.store.transaction((tx) => tx.anchorMembers(job.token, [job.id]));
      const how = roll(20);
      if (how === 0) await dispatcher.end(job, { kind: "failed", error: { code: "broken", message: "It broke." } });
      else if (how === 1) await dispatcher.end(job, { kind: "handed_back" });
      else await dispatcher.complete(job);
    }
  }
}

/** Takes objects back, for nobody or another node, ends all keeping, and decides on objects. */
async function meddle({ database, roll, isOver }: Crowd, nodes: readonly number[]): Promise<void> {
  const { store } = database;
  const cs = await database.open();
  const passing = (error: unknown) => {
    if (!isTransient(error)) throw error;
  };
  while (!isOver()) {
    await pause(roll(30));
    const keys = Array.from({ length: 1 + roll(10) }, () => `asset/${roll(OBJECTS)}`);
    const node = nodes[roll(nodes.length)]!;
    const acts = [
      () => store.transaction((tx) => tx.takeBack(keys)),
      () => store.transaction((tx) => tx.takeBack(keys, node)),
      () => store.transaction((tx) => tx.endKeeping(node)),
      () => cs.locks.quarantine({ type: "asset", id: `${roll(OBJECTS)}` }, "to be looked at"),
    ];
    await acts[roll(acts.length)]!().catch(passing);
    for (const { key, quarantine } of await cs.locks.list({ quarantined: true }))
      if (quarantine !== null) await cs.locks.release(key).catch(passing);
    await store.settleTurns().catch(passing);
    await store.comeDue(1_000);
  }
}

test(`${JOBS} jobs of ${OBJECTS} objects end, whatever ${DISPATCHERS} dispatchers that keep objects, and those who take them back, do at once`, {
  timeout: 120_000,
}, async () => {
  const database = await openTestDatabase();
  await watchHoldings(database);
  const cs = await database.open();
  const roll = dice(SEED);
  await cs.actions.put({
    ...{ name: "edit", type: "test", lock: "exclusive", retry: { limit: 20, delayMs: 1, jitter: 0 } },
  });
  await cs.jobs.createMany(
    "edit",
    Array.from({ length: JOBS }, () => ({ target: { type: "asset", id: `${roll(OBJECTS)}` } })),
  );
  const dispatchers = await Promise.all(
    Array.from({ length: DISPATCHERS }, (_, n) =>
      aDispatcher(database, `d${n}`, database.store, { keepsFrom: 1, time: "passes" }),
    ),
  );
  let [failure, completed]: [unknown, number] = [undefined, 0];
  const isOver = () => failure !== undefined || completed === JOBS;
  const count = async () => {
    while (!isOver()) ({ completed } = await database.store.countStates());
  };
  const crowd: Crowd = { database, roll, isOver, kept: 0 };
  const nodes = dispatchers.map(({ nodeId }) => nodeId);
  const parts = [...dispatchers.map((one) => work(crowd, one)), meddle(crowd, nodes), count()];
  for (const part of parts)
    part.catch((error: unknown) => {
      failure ??= error;
    });
  await Promise.allSettled(parts);
  await Promise.all(dispatchers.map((dispatcher) => dispatcher.close()));
  if (failure !== undefined) throw failure;
  expect(crowd.kept).toBeGreaterThan(JOBS / 10);
  await checkRest(database);
  await expectNoDeadlock(database);
  await database.close();
});
