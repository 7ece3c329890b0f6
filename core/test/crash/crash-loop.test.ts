import { availableParallelism } from "node:os";
import type { ActionInput, JobInput } from "@callsheet/contract";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { defineActionType } from "../../src/index.ts";
import { expectSound, openTestDatabase, type TestDatabase } from "../../src/testing/index.ts";
import { checkRest, poolOf } from "../admission/holdings.ts";
import { judgeEffects, type Said } from "../chaos/judge.ts";
import { aChild, aWitness } from "../fixtures/child.ts";
import { effectsIn } from "../fixtures/effects.mjs";

const IS_FULL = process.env.CALLSHEET_CRASH === "full";
/** How many points of each series are tried, spread over all of them, unless all are asked for. */
const SAMPLE = 7;
const RETRY = { limit: 1, delayMs: 1, jitter: 0 };

/** What the process does; `crash-scenario.mjs` knows it by its name. */
interface Scenario {
  readonly name: "alone" | "contended" | "undoing";
  /** Its jobs, by the keys that they are created under. */
  readonly keys: readonly string[];
  /** What else an action says. */
  readonly fields: Partial<ActionInput>;
  readonly input: (key: string) => JobInput;
  /** Statements that are among its calls. */
  readonly calls: RegExp;
  /** Effects of each attempt, undone when it fails; `crash-scenario.mjs` has as many. */
  readonly effects: number;
}

const fails = (key: string): JobInput => (key === "failing" ? { configuration: { fails: 1 } } : {});
const ALONE: Scenario = {
  ...{ name: "alone", keys: ["plain", "failing", "later"], fields: {}, input: fails },
  calls: /calls: .*claim complete create\b/,
  effects: 0,
};
/** Each attempt journals what it does; what the failing one did is undone. */
const UNDOING: Scenario = { ...ALONE, name: "undoing", effects: 2 };
/** All need a unit and one asset, so that each hands it over to the next. */
const CONTENDED: Scenario = {
  ...{ name: "contended", keys: ["first", "failing", "last"], fields: { needs: { gpu: 1 }, lock: "exclusive" } },
  input: (key) => ({ ...fails(key), target: { type: "asset", id: "A-17" } }),
  calls: /calls: .*candidates claim complete.*hold.*lock.*return.*stand take/,
  effects: 0,
};

interface Run {
  readonly scenario: Scenario;
  readonly database: TestDatabase;
  readonly witness: ReturnType<typeof aWitness>;
  /** What was acknowledged: the id of the job of each key. */
  readonly acknowledged: ReadonlyMap<string, string>;
  readonly ended: number | string;
  readonly output: string;
}

/** Runs the scenario once, with a strike at the n-th call, on a database of its own. */
async function perform(scenario: Scenario, how: string, at: number): Promise<Run> {
  const database = await openTestDatabase();
  if (scenario.name === "contended") await poolOf(database, "gpu", 2);
  const [witness, client] = [aWitness(), aWitness()];
  const child = aChild("crash-scenario.mjs", {
    ...{ TEST_DATABASE: database.url, TEST_WITNESS: witness.file, TEST_CLIENT: client.file },
    ...{ TEST_HOW: how, TEST_AT: String(at), TEST_SCENARIO: scenario.name },
  });
  const ended = await child.ended;
  const acknowledged = new Map(client.lines().map((line) => line.split(" ") as [string, string]));
  return { scenario, database, witness, acknowledged, ended, output: child.output() };
}

/** A fresh client and a fresh node go on where the process was killed, until everything is done. */
async function recover({ scenario, database, witness, acknowledged }: Run): Promise<void> {
  const cs = await database.open();
  const { undo, perform } = effectsIn(witness.say);
  const type = defineActionType({
    ...{ type: "witnessed", version: 1, configuration: z.object({ fails: z.number().default(0) }) },
    ...{ undo, undoRetry: { limit: 100, delayMs: 1, jitter: 0 } },
    run: async (context) => {
      const { job, attempt, configuration, variables } = context;
      witness.say(`begin ${job.id} ${attempt} ${process.pid}`);
      const failures = Number(variables.get("failures") ?? 0);
      if (failures < configuration.fails) await variables.set("failures", failures + 1);
      await perform(context, scenario.effects);
      witness.say(`end ${job.id} ${attempt} ${process.pid}`);
      if (failures < configuration.fails) throw new Error("once");
      return { attempt };
    },
  });
  const action = await cs.actions.put({ name: "witnessed", type, retry: RETRY, ...scenario.fields });
  await cs.work({ name: "child", types: [type] });
  for (const key of scenario.keys) {
    // What was not acknowledged is asked for again; what was acknowledged is there, under the same id.
    const { id } = await cs.jobs
      .create(action, { idempotencyKey: key, ...scenario.input(key) })
      .catch((error: { code?: string; details: { firstJobId: string } }) => {
        if (key !== "later" || error.code !== "idempotency_conflict") throw error;
        return { id: error.details.firstJobId };
      });
    if (acknowledged.has(key)) expect(id).toBe(acknowledged.get(key));
    expect(await cs.jobs.wait(id, { timeoutMs: 20_000 })).toMatchObject({ state: "completed" });
  }
  await cs.close();
}

/** Nothing is left over, every history is sound, and no job lived twice at once. */
async function inspect({ scenario: { keys, effects }, database, witness }: Run): Promise<void> {
  const { store } = database;
  checkEffects(witness.lines(), effects);
  expect((await store.countStates()).completed).toBe(keys.length);
  await checkRest(database);
  expect(await store.orphaningNodes()).toEqual([]);
  expect((await expectSound(database)).checked.jobs).toBe(keys.length);
  const lives = new Map<string, { pid: string; attempt: string } | undefined>();
  const begun = new Set<string>();
  for (const line of witness.lines()) {
    const [what, id, attempt, pid] = line.split(" ") as [string, string, string, string];
    if (what === "done" || what === "undone") continue;
    const living = lives.get(id);
    if (what === "begin") {
      expect(living?.pid, `${line}, while attempt ${living?.attempt} lives`).not.toBe(pid);
      expect(begun, "an attempt's number is never used again").not.toContain(`${id} ${attempt}`);
      begun.add(`${id} ${attempt}`);
      lives.set(id, { pid, attempt });
    } else lives.set(id, undefined);
  }
}

/** What failed attempts did is undone, in reverse and before the next one; what the last one did stands. */
function checkEffects(lines: readonly string[], count: number): void {
  const said = lines.map((line) => {
    const [what, job, attempt, n, fencing = "0"] = line.split(" ") as [Said["what"], string, string, string, string?];
    return { what, job, attempt: Number(attempt), n: Number(n), fencing, pid: 0, at: 0 };
  });
  const { standing, wrong } = judgeEffects(said);
  expect(wrong).toEqual([]);
  const last = new Map(said.filter(({ what }) => what === "begin").map(({ job, attempt }) => [job, attempt]));
  for (const [job, attempt] of last) {
    const own = Array.from({ length: count }, (_, n) => `${attempt}/${n + 1}`);
    expect(standing.get(job) ?? [], job).toEqual(own);
  }
}

/** The points of a series: all of them, or some that are spread evenly. */
function pointsOf(total: number): readonly number[] {
  if (IS_FULL) return Array.from({ length: total }, (_, n) => n + 1);
  return Array.from({ length: SAMPLE }, (_, n) => 1 + Math.round((n * (total - 1)) / (SAMPLE - 1)));
}

async function twoAtATime<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const left = [...items];
  const lanes = Math.min(2, availableParallelism());
  const lane = async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

const callsOf = ({ output, ended }: Run): number => {
  const calls = /untouched after (\d+) calls/.exec(output)?.[1];
  if (ended !== 0 || !calls) throw new Error(`The scenario ended with ${ended}: ${output}`);
  return Number(calls);
};

describe.each([ALONE, CONTENDED, UNDOING])(
  "a process that creates, claims, runs and finishes jobs, $name",
  (scenario) => {
    const timeout = IS_FULL ? 1_200_000 : 120_000;

    test.each(["before", "after"])(
      "killed %s its n-th call of the database loses and doubles nothing",
      { timeout },
      async (how) => {
        const untouched = await perform(scenario, "", 0);
        const total = callsOf(untouched);
        expect(untouched.output, "The hot statements are among the calls").toMatch(scenario.calls);
        await inspect(untouched);
        await untouched.database.close();
        let killed = 0;
        await twoAtATime(pointsOf(total), async (at) => {
          let run = await perform(scenario, how, at);
          // Polling makes the number of calls vary: a point that is not reached is moved to the end of what is.
          if (run.ended !== "SIGKILL") {
            await run.database.close();
            run = await perform(scenario, how, Math.floor(0.9 * Math.min(at, callsOf(run))));
          }
          if (run.ended === "SIGKILL") killed += 1;
          else callsOf(run);
          await recover(run);
          await inspect(run);
          await run.database.close();
        });
        console.log(`${scenario.name}: killed ${how} its n-th of about ${total} calls, at ${killed} points`);
        expect(killed).toBeGreaterThan(pointsOf(total).length * 0.7);
      },
    );

    test("that loses the connection of its n-th call goes on by itself, and each job runs once", {
      timeout,
    }, async () => {
      const untouched = await perform(scenario, "", 0);
      const total = callsOf(untouched);
      await untouched.database.close();
      await twoAtATime(pointsOf(total), async (at) => {
        const run = await perform(scenario, "cut", at);
        callsOf(run);
        await inspect(run);
        const { store } = run.database;
        for (const [key, id] of run.acknowledged) {
          const [job] = await store.readJobs([id]);
          const begun = run.witness.lines().filter((line) => line.startsWith(`begin ${id}`));
          expect(begun, `${key} at ${at}`).toHaveLength(key === "failing" ? 2 : 1);
          expect(job).toMatchObject({ state: "completed", retries: key === "failing" ? 1 : 0 });
        }
        await run.database.close();
      });
    });
  },
);
