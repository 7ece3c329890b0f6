import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { defineActionType } from "@callsheet/contract";
import { makeTemporaryDirectory, openPrivateServer, type PrivateServer, removeTemporary } from "@callsheet/postgres";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { systemEnvironment } from "../../src/engine/environment.ts";
import { Callsheet } from "../../src/index.ts";
import { type Database, openDatabase } from "../../src/store/database.ts";
import { createStore } from "../../src/store/store.ts";
import { expectSound, until } from "../../src/testing/index.ts";
import { dice } from "../admission/crowd.ts";
import { checkRest } from "../admission/holdings.ts";
import { type Effects, judge, judgeEffects, nameOf, percentile } from "./judge.ts";
import {
  aVictim,
  dismiss,
  type Fault,
  type Outage,
  type Registry,
  type Struck,
  strike,
  takeAway,
  type Victim,
} from "./nemesis.ts";
import { ACTIONS, CAPACITY, EFFECTS, type How, MOST_UNITS, planOf } from "./plan.ts";
import { openWitness, type Witness } from "./witness.ts";

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
/** What takes longer is told with its reasons: one silence alone takes less. */
const LATE_MS = 15_000;
/** A look is work for the server, which has enough of it. */
const LOOK_MS = 200;

interface Place {
  readonly server: PrivateServer;
  readonly db: Database;
  readonly store: ReturnType<typeof createStore>;
  readonly cs: Callsheet;
  readonly witness: Witness;
}

async function aPlace(): Promise<Place> {
  const directory = await makeTemporaryDirectory();
  onTestFinished(() => removeTemporary(directory));
  const server = await openPrivateServer({ dataDir: join(directory, "data") });
  onTestFinished(() => server.close());
  const cs = await Callsheet.open({ databaseUrl: server.url, onError: () => {} });
  onTestFinished(() => cs.close());
  const db = openDatabase({
    ...{ connection: { connectionString: server.url }, schema: "callsheet", poolSize: 4 },
    ...{ clock: systemEnvironment(), onError: () => {} },
  });
  onTestFinished(() => db.close());
  return { server, db, store: createStore(db), cs, witness: openWitness() };
}

/** What may fail while the server is away is done again until it answers. */
async function insist<T>(work: () => Promise<T>): Promise<T> {
  return until(
    async () => {
      try {
        return { answer: await work() };
      } catch (error) {
        if ((error as { code?: string }).code !== "database_lost") throw error;
        return undefined;
      }
    },
    { deadlineMs: 60_000, what: "An answer of the server" },
  ).then(({ answer }) => answer);
}

async function declare({ cs }: Place): Promise<void> {
  const type = defineActionType({ type: "chaos", version: 1, configuration: z.looseObject({}), run: async () => null });
  await cs.resources.put("gpu", { capacity: CAPACITY });
  for (const fields of Object.values(ACTIONS)) await cs.actions.put({ ...fields, type });
}

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

function registryOf({ db }: Place): Registry {
  const ask = async (text: string, pid: number) => {
    await setTimeout(LOOK_MS);
    const { rows } = await insist(() => db.query<{ yes: boolean }>({ text: `select ${text} as yes`, values: [pid] }));
    return rows[0]!.yes;
  };
  const LAST = "(select id from callsheet.node where pid = $1 order by id desc limit 1)";
  return {
    isOver: (pid) =>
      ask(
        `(select state = 'dead' from callsheet.node where id = ${LAST})
         and not exists (select from callsheet.work where node_id = ${LAST}) and not exists (select from callsheet.claim where node_id = ${LAST})`,
        pid,
      ),
    isUp: (pid) => ask(`(select state = 'up' from callsheet.node where id = ${LAST})`, pid),
  };
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

/** An attempt that was taken from its node after a fault. */
interface Recovery {
  readonly by: Struck;
  /** When its node was declared dead. */
  readonly deadAt: number;
  readonly lostAt: number;
  /** From the fault, in milliseconds. */
  readonly tookMs: number;
}

/** When the node of each attempt was declared dead, or went because it could not begin, and how long after a fault its attempts were taken from it. */
async function readDeaths({ db }: Place, struck: readonly Struck[]) {
  const { rows } = await db.query<{
    job: string;
    attempt: number;
    pid: number;
    born: number;
    dead: number | null;
    lost: number | null;
  }>({
    text: `
      with line as (
        select job_id, attempt, node_id, at, data from callsheet.event where node_id is not null and attempt is not null
        union all select job_id, attempt, node_id, ended_at, json_build_object('error', error) from callsheet.outcome where node_id is not null
      )
      select l.job_id as job, l.attempt, n.pid,
        floor(extract(epoch from n.started_at) * 1000)::float8 as born,
        floor(extract(epoch from case when n.state in ('dead', 'gone') then n.ended_at end) * 1000)::float8 as dead,
        floor(extract(epoch from max(l.at) filter (where l.data -> 'error' ->> 'code' in ('node_lost', 'poison'))) * 1000)::float8 as lost
      from line l join callsheet.node n on n.id = l.node_id group by 1, 2, 3, 4, 5`,
    values: [],
  });
  const recoveries = rows.flatMap(({ pid, born, dead, lost }): readonly Recovery[] => {
    // A life that began after a fault did not end by it, but by an outage.
    const by = struck.filter((one) => one.pid === pid && one.at >= born && one.at <= (lost ?? 0)).at(-1);
    if (lost === null || by === undefined || by.what === "blink") return [];
    return [{ by, deadAt: dead ?? lost, lostAt: lost, tookMs: lost - by.at }];
  });
  const deadAt = new Map(rows.flatMap((row) => (row.dead === null ? [] : [[nameOf(row), row.dead] as const])));
  return { deadAt, recoveries };
}

/** The late recoveries, one for each fault, each with what else was struck meanwhile, in seconds after the fault. */
function tellLate(recoveries: readonly Recovery[], struck: readonly Struck[]): readonly string[] {
  const late = recoveries.filter(({ tookMs }) => tookMs > LATE_MS);
  const last = new Map(late.sort((a, b) => a.tookMs - b.tookMs).map((one) => [one.by, one]));
  return [...last.values()].map(({ by, deadAt, lostAt }) => {
    const after = (at: number) => ((at - by.at) / 1_000).toFixed(1);
    const others = struck
      .filter((one) => one !== by && one.at <= lostAt && one.overAt >= by.at)
      .map(({ what, name, at, overAt }) => `${what} ${name} ${after(at)} to ${after(overAt)}`);
    return `${by.what} ${by.name}: dead after ${after(deadAt)}, recovered after ${after(lostAt)}; ${others.join(", ")}`;
  });
}

/** Each job ended as it should, with the answer and the effects of its last attempt, and no word of an earlier one. */
async function checkEnds(
  { store }: Place,
  made: ReadonlyMap<string, How>,
  { standing }: Effects,
): Promise<readonly string[]> {
  const wrong: string[] = [];
  const ids = [...made.keys()];
  for (let from = 0; from < ids.length; from += 500) {
    const page = ids.slice(from, from + 500);
    const there = new Map((await store.readJobs(page)).map((job) => [job.id, job]));
    for (const id of page) {
      const how = made.get(id)!;
      const job = there.get(id);
      if (job === undefined) {
        wrong.push(`${id} ${how}: lost`);
        continue;
      }
      const { state, attempt, result, variables, error } = job;
      const isFair = state === (how === "fails" ? "failed" : "completed");
      const isItsOwn =
        state === "failed" || ((result as { attempt: number }).attempt === attempt && variables.by === attempt);
      const stands = standing.get(id) ?? [];
      const effects = Array.from({ length: how === "undoes once" ? EFFECTS : 0 }, (_, n) => `${attempt}/${n + 1}`);
      const told = `${how}: ${state} ${error?.code ?? ""}, attempt ${attempt}, ${JSON.stringify({ result, variables, stands })}`;
      if (!isFair || !isItsOwn || `${stands}` !== `${effects}`) wrong.push(`${id} ${told}`);
    }
  }
  return wrong;
}

/** How often what was to be tried took place: without it the test would have tested less than it says. */
async function readTried({ db }: Place): Promise<Readonly<Record<string, number>>> {
  const { rows } = await db.query<{ tried: Record<string, number> }>({
    text: `
      select json_build_object(
        'waits for a lock', count(*) filter (where event = 'block'), 'overruns', count(*) filter (where event = 'overrun'),
        'ended by a time-out', count(*) filter (where data #>> '{error,code}' = 'timed_out'), 'retries', count(*) filter (where event = 'back_off'),
        'lost with a node', count(*) filter (where data #>> '{error,code}' = 'node_lost')) as tried
      from callsheet.event`,
    values: [],
  });
  return rows[0]!.tried;
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
    torment(place, victims).finally(() => {
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
