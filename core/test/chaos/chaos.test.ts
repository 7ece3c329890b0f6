import { setTimeout } from "node:timers/promises";
import { expect, test } from "vitest";
import { expectSound, until } from "../../src/testing/index.ts";
import { dice } from "../admission/crowd.ts";
import { checkRest } from "../admission/holdings.ts";
import { judge, judgeEffects, percentile } from "./judge.ts";
import { aVictim, dismiss, type Fault, type Outage, type Struck, strike, takeAway, type Victim } from "./nemesis.ts";
import { aPlace, declare, insist, LOOK_MS, type Place, registryOf, stateOf } from "./place.ts";
import { ACTIONS, CAPACITY, type How, MOST_UNITS, planOf } from "./plan.ts";
import { checkEnds, readDeaths, readTried, tellLate, tellOf } from "./reckoning.ts";

/**
 * How much faster than at work nodes live, whose silences last up to twenty seconds, and how many times the usual jobs and
 * faults there are. `CALLSHEET_CHAOS` chooses: `real` has the silences of work in a few minutes.
 */
const SIZES = {
  quick: { speed: 10, rounds: 1 },
  real: { speed: 1, rounds: 0.2 },
  full: { speed: 1, rounds: 5 },
} as const;
const { speed: SPEED, rounds: ROUNDS } = SIZES[(process.env.CALLSHEET_CHAOS ?? "quick") as keyof typeof SIZES];
const times = (usual: number) => Math.round(usual * ROUNDS);
const JOBS = times(2_000);
const NODES = 3;
const SLOTS = 6;
/** Each node suffers so many of each, the server the rest. */
const SUFFERED: Readonly<Record<Fault, number>> = { kill: times(18), stop: times(12), blink: times(4) };
const OUTAGES: readonly Outage[] = Array.from({ length: times(12) }, (_, n) => (n % 2 === 0 ? "crash" : "restart"));
const BACKLOG = 150;
/** From the fault, whatever else was struck meanwhile. */
const MOST_RECOVERY_MS = 20_000;

/** Creates jobs as long as there are faults, so that there is always work; each until it was acknowledged. */
async function createAll({ cs, store }: Place, isOver: () => boolean): Promise<ReadonlyMap<string, How>> {
  const made = new Map<string, How>();
  const roll = dice(11);
  const createOne = async (n: number) => {
    const { how, input } = planOf(n, roll);
    const { id } = await insist(() => cs.jobs.create(ACTIONS[how].name, input));
    made.set(id, how);
  };
  const hasRoom = async () => {
    await setTimeout(LOOK_MS);
    const { pending, queued, waiting_for_lock: waiting } = await insist(() => store.countStates());
    return isOver() || pending + queued + waiting < BACKLOG;
  };
  for (let n = 0; n < JOBS || !isOver(); ) {
    await until(hasRoom, { deadlineMs: 300_000, what: "Room for more jobs" });
    await Promise.all(Array.from({ length: 25 }, () => createOne(n++)));
  }
  return made;
}

/** All faults, each node's one after the other, the server's in between. One node at least is left to see what became of others. */
async function torment(place: Place, victims: readonly Victim[]): Promise<readonly Struck[]> {
  const struck: Struck[] = [];
  const roll = dice(5);
  const surroundings = { witness: place.witness, registry: registryOf(place) };
  let stopped = 0;
  const suffer = async (victim: Victim) => {
    const faults = (Object.keys(SUFFERED) as Fault[]).flatMap((fault) => new Array<Fault>(SUFFERED[fault]).fill(fault));
    while (faults.length > 0) {
      const [fault] = faults.splice(roll(faults.length), 1);
      // The last that is not stopped is not killed either: who judges the others has to watch them without a break.
      if (fault !== "blink")
        await until(() => stopped < victims.length - 1, { deadlineMs: 120_000, what: "Another node to be left" });
      if (fault === "stop") stopped += 1;
      struck.push(await strike(victim, fault!, surroundings));
      if (fault === "stop") stopped -= 1;
    }
  };
  const all = Object.values(SUFFERED).reduce((sum, count) => sum + count, 0) * victims.length;
  const takeAwayNowAndThen = async () => {
    for (const [index, outage] of OUTAGES.entries()) {
      const enough = (all * (index + 1)) / (OUTAGES.length + 1) + index;
      await until(() => struck.length >= enough, { deadlineMs: 300_000, what: "The next outage" });
      struck.push(await takeAway(place.server, outage));
    }
  };
  await Promise.all([...victims.map(suffer), takeAwayNowAndThen()]);
  return struck;
}

/** Waits until every job has ended; what died with too many nodes is retried by hand. */
async function settle({ cs, store }: Place, made: ReadonlyMap<string, How>): Promise<number> {
  let poisoned = 0;
  for (;;) {
    let told = "";
    const isSettled = async () => {
      await setTimeout(LOOK_MS);
      const counts = await store.countStates();
      told = JSON.stringify(counts);
      return counts.completed + counts.failed === made.size;
    };
    await until(isSettled, { deadlineMs: 300_000, what: `The end of ${made.size} jobs` }).catch(
      async (error: Error) => {
        await expectSound({ store });
        throw new Error(`${error.message} They are ${told}`);
      },
    );
    const failed = await cs.jobs.list({ states: ["failed"], limit: 1_000 });
    const poison = failed.filter(({ error }) => error?.code === "poison");
    if (poison.length === 0) return poisoned;
    poisoned += poison.length;
    for (const { id } of poison) await cs.jobs.retry(id);
  }
}

test(`${JOBS} jobs on three nodes that are killed and stopped, on a server that is restarted: nothing is lost, doubled or left behind`, {
  timeout: 900_000 * Math.max(1, ROUNDS),
}, async () => {
  const place = await aPlace();
  await declare(place);
  const variables = {
    TEST_DATABASE: place.server.url,
    TEST_WITNESS: place.witness.file,
    TEST_SLOTS: `${SLOTS}`,
    TEST_SPEED: `${SPEED}`,
  };
  const victims = Array.from({ length: NODES }, (_, n) => aVictim(`node-${n}`, variables));
  for (const { child } of victims) await child.says("ready");
  const begin = Date.now();
  let isOver = false;
  const [struck, made] = await Promise.all([
    torment(place, victims)
      .catch(async (error: Error) => {
        const told = victims.map(
          ({ name, child, outputs }) =>
            `${name}, process ${child.process.pid}, life ${outputs.length + 1}: ${[...outputs.slice(-3), child.output()].join("\n").slice(-4_000)}`,
        );
        const state = await stateOf(place).catch(String);
        throw new Error(`${error.message}\n${told.join("\n")}\n${state}`, { cause: error });
      })
      .finally(() => {
        isOver = true;
      }),
    createAll(place, () => isOver),
  ]);
  const faultsMs = Date.now() - begin;
  const poisoned = await settle(place, made);
  await dismiss(victims);
  const { deadAt, recoveries: recovered } = await readDeaths(place, struck);
  const recoveries = recovered.map(({ tookMs }) => tookMs);
  const stops = struck.flatMap(({ pid, at, goesOnAt, what }) =>
    what !== "stop" ? [] : [{ pid, at, goesOnAt: goesOnAt! }],
  );
  const evidence = { said: place.witness.said(), deadAt, stops, capacity: CAPACITY };
  const { refused, used, ...faults } = judge(evidence);
  const tried = await readTried(place);
  const effects = judgeEffects(place.witness.said());
  const { checked } = await expectSound(place);
  const p99 = percentile(recoveries, 99);
  console.log(
    `${made.size} jobs with ${checked.lines} lines of history, ${struck.length} faults in ${Math.round(faultsMs / 1000)} s, ` +
      `${recoveries.length} attempts lost, recovered after ${percentile(recoveries, 50)} ms (99 %: ${p99} ms, all: ${percentile(recoveries, 100)} ms), ` +
      `${refused} late words refused, ${place.witness.said().filter(({ what }) => what === "undone").length} effects undone, ${poisoned} poisoned, tried ${JSON.stringify(tried)}, done after ${Math.round((Date.now() - begin) / 1000)} s`,
    ...tellLate(recovered, struck).map((line) => `\n${line}`),
  );
  const hard = struck.filter(({ what }) => what !== "blink");
  expect(hard.length).toBeGreaterThanOrEqual(100 * ROUNDS);
  expect(new Set(hard.map(({ what }) => what))).toEqual(new Set(["kill", "stop", "crash", "restart"]));
  expect(Object.entries(tried).filter(([, count]) => count === 0)).toEqual([]);
  expect(used, "fewer units are left at some time than a job may wait for").toBeGreaterThan(CAPACITY - MOST_UNITS);
  expect(made.size).toBeGreaterThanOrEqual(JOBS);
  expect(checked.jobs, "no job is lost, and none is made twice").toBe(made.size);
  for (const line of await tellOf(place, Object.values(faults).flat(), evidence.said)) console.log(line);
  expect(faults).toEqual({ overlaps: [], overdraws: [], doubled: [], believed: [] });
  expect(effects.wrong).toEqual([]);
  expect(await checkEnds(place, made, effects)).toEqual([]);
  expect(refused).toBeGreaterThan(0);
  expect(recoveries.length).toBeGreaterThan(0);
  expect(p99).toBeLessThanOrEqual(MOST_RECOVERY_MS);
  await checkRest(place);
  const { rows } = await place.db.query({ text: "select job_id, attempt from callsheet.rollback", values: [] });
  expect(rows, "nothing is left to undo").toEqual([]);
  for (const { outputs } of victims) expect(outputs.join("\n")).not.toMatch(/deadlock/i);
});
