import { setTimeout as pause } from "node:timers/promises";
import { areCompatible, callsheetError, type JobLock } from "@callsheet/contract";
import { expect, test } from "vitest";
import { systemEnvironment } from "../../src/engine/environment.ts";
import type { Callsheet } from "../../src/index.ts";
import type { Claimed } from "../../src/store/claim.ts";
import { openDatabase } from "../../src/store/database.ts";
import { createStore } from "../../src/store/store.ts";
import { openTestDatabase, type TestDatabase } from "../../src/testing/index.ts";
import { aCrowd, dice, putPools } from "./crowd.ts";
import { aDispatcher, type Dispatcher } from "./dispatcher.ts";
import { expectNoDeadlock, setPaused, watchHoldings } from "./guards.ts";
import { checkRest } from "./holdings.ts";

const JOBS = Number(process.env.CALLSHEET_CROWD ?? 150);
const DISPATCHERS = 50;
const SEED = Number(process.env.SEED ?? 4);
const FAILED = { kind: "failed", error: { code: "broken", message: "It broke." } } as const;

/** Who holds what, as those who hold it see it. */
function aWitness() {
  const holders = new Map<string, Map<string, JobLock["mode"]>>();
  return {
    begin: ({ id, token, locks }: Claimed) => {
      for (const { key, mode } of locks) {
        const here = holders.get(key) ?? new Map<string, JobLock["mode"]>();
        holders.set(key, here);
        for (const [other, its] of here)
          if (!areCompatible(its, mode)) throw new Error(`${id} and ${other} hold ${key}`);
        here.set(`${id} ${token}`, mode);
      }
    },
    end: ({ id, token, locks }: Claimed) => {
      for (const { key } of locks) holders.get(key)!.delete(`${id} ${token}`);
    },
  };
}

interface Crowd {
  readonly database: TestDatabase;
  readonly cs: Callsheet;
  readonly roll: (below: number) => number;
  readonly witness: ReturnType<typeof aWitness>;
  /** Says that all have ended; throws when another part has failed. */
  readonly isOver: () => boolean;
  /** Jobs that an operator took out of line, and that are to be put back. */
  readonly aside: Set<string>;
}

/** Claims, and ends what it claimed in one way or another. */
async function work({ roll, witness, isOver, database }: Crowd, dispatcher: Dispatcher): Promise<number> {
  let ends = 0;
  while (!isOver()) {
    const jobs = await dispatcher.claim(1 + roll(4));
    if (jobs.length === 0) await pause(roll(20));
    for (const job of jobs) witness.begin(job);
    for (const job of jobs) {
      await pause(roll(3));
      if (roll(4) === 0 && job.ordinal > 0)
        await database.store.transaction((tx) => tx.anchorMembers(job.token, [job.id]));
      witness.end(job);
      const how = roll(10);
      if (how === 0) await dispatcher.end(job, FAILED);
      else if (how === 1) await dispatcher.end(job, { kind: "handed_back" });
      else await dispatcher.complete(job);
      ends += 1;
    }
  }
  return ends;
}

/** Takes waiting jobs out of line, and puts them back soon, so that all end. */
async function operate({ cs, roll, isOver, aside }: Crowd, ids: readonly string[]): Promise<number> {
  let acts = 0;
  while (!isOver()) {
    await pause(roll(10));
    const id = ids[roll(ids.length)]!;
    const act = roll(3);
    const leave = act === 0 ? () => cs.jobs.hold(id) : () => cs.jobs.unschedule(id);
    const done = act === 2 ? cs.jobs.setPriority(id, "high") : leave().then(() => aside.add(id));
    await done.then(() => {
      acts += 1;
    }, onlyLate);
    for (const one of [...aside].slice(0, 1 + roll(3))) {
      // First: somebody else may take it out again at once.
      aside.delete(one);
      await cs.jobs.schedule(one, new Date(0)).catch(onlyLate);
      await cs.jobs.resume(one).catch(onlyLate);
    }
  }
  return acts;
}

/** The job runs, has ended, or stands elsewhere by now. */
function onlyLate(error: unknown): undefined {
  if ((error as { code?: string }).code !== "wrong_state") throw error;
  return undefined;
}

/** What comes due, whose turn it is, what there is, and what may run: changed all the time. */
async function stir({ database, roll, isOver }: Crowd, capacities: readonly number[]): Promise<number> {
  let changes = 0;
  const { store, db } = database;
  const { rows: lanes } = await db.query<{ id: number }>({ text: "select id from callsheet.lane", values: [] });
  while (!isOver()) {
    await pause(roll(20));
    await store.comeDue(1_000);
    await store.settleTurns();
    const pool = roll(capacities.length);
    await db.query({
      text: "update callsheet.pool set capacity = $2 where name = $1",
      values: [`p${pool}`, roll(3) === 0 ? 1 : capacities[pool]!],
    });
    const lane = lanes[roll(lanes.length)]!.id;
    await setPaused(database, lane, true);
    await store.settleTurns();
    await setPaused(database, lane, false);
    // For a while nothing is short, or a job that needs all of a pool would never start.
    await db.query({
      text: `update callsheet.pool p set capacity = p.base
        from (select id from callsheet.pool order by id for update) o where p.id = o.id`,
      values: [],
    });
    changes += 2;
  }
  return changes;
}

test.each([
  { how: "which keep no objects", keepsFrom: undefined },
  { how: "which keep whatever they lock alone", keepsFrom: 1 },
])(
  `${JOBS} jobs of random needs end, whatever ${DISPATCHERS} dispatchers $how, and those who operate, do at once`,
  {
    timeout: 60_000 + JOBS * 400,
  },
  async ({ keepsFrom }) => {
    const database = await openTestDatabase();
    await watchHoldings(database);
    const roll = dice(SEED);
    const capacities = await putPools(database, roll);
    const cs = await database.open();
    await cs.actions.put({ name: "edit", type: "test", retry: { limit: 20, delayMs: 1, jitter: 0 } });
    const ids = (await cs.jobs.createMany("edit", aCrowd(JOBS, capacities, roll))).map(({ id }) => id);
    const db = openDatabase({
      connection: { connectionString: database.url },
      ...{ schema: "callsheet", poolSize: 12, clock: systemEnvironment(), onError: () => {} },
    });
    const dispatchers = await Promise.all(
      Array.from({ length: DISPATCHERS }, (_, n) => aDispatcher(database, `d${n}`, createStore(db), { keepsFrom })),
    );
    let failure: unknown;
    const begun = Date.now();
    let completed = 0;
    const isOver = () => {
      if (failure !== undefined) throw callsheetError("stopped", "Another part of the test failed.");
      return completed === JOBS;
    };
    const count = async () => {
      while (!isOver()) ({ completed } = await database.store.countStates());
      return 0;
    };
    const crowd = { database, cs, roll, witness: aWitness(), isOver, aside: new Set<string>() };
    const parts = [
      ...dispatchers.map((dispatcher) => work(crowd, dispatcher)),
      ...[1, 2, 3].map(() => operate(crowd, ids)),
      stir(crowd, capacities),
      count(),
    ];
    for (const part of parts)
      part.catch((error: unknown) => {
        failure ??= error;
      });
    const counts = (await Promise.allSettled(parts)).map((one) => (one.status === "fulfilled" ? one.value : 0));
    await Promise.all(dispatchers.map((dispatcher) => dispatcher.close()));
    await db.close();
    if (failure !== undefined) throw failure;
    const sum = (some: readonly number[]) => some.reduce((all, one) => all + one, 0);
    console.log(
      `seed ${SEED}: ${JOBS} jobs, ${sum(counts.slice(0, DISPATCHERS))} ends, ${sum(counts.slice(DISPATCHERS))} operations in ${Date.now() - begun} ms`,
    );
    await checkRest(database);
    await expectNoDeadlock(database);
    expect((await database.store.countStates()).completed).toBe(JOBS);
    await database.close();
  },
);
