import { slotsAfter, type TimedInput, wallText } from "@callsheet/contract";
import { expect, onTestFinished, test } from "vitest";
import { Bus } from "../../src/engine/bus.ts";
import type { Environment } from "../../src/engine/environment.ts";
import type { Part } from "../../src/engine/part.ts";
import { startTimer } from "../../src/engine/timer.ts";
import { systemEnvironment } from "../../src/index.ts";
import { calendarFor } from "../../src/operations/timed/calendar.ts";
import { openDatabase } from "../../src/store/database.ts";
import { createStore } from "../../src/store/store.ts";
import { runUntilIdle, until } from "../../src/testing/index.ts";
import { aFloorWith } from "../fixtures/floor.ts";
import { paced } from "../fixtures/paced.mjs";
import { aProxy, type Stretch } from "../fixtures/proxy.ts";

const SCHEDULERS = 20;
const STEPS = 36;
/** Half an hour before the clocks go forward in Berlin, and sets of them in between. */
const BEGIN = new Date("2026-03-29T00:30:00Z");
const SECOND = 1_000;

const SOME: readonly Omit<TimedInput, "action">[] = [
  { name: "seconds", rule: { kind: "interval", everyMs: SECOND }, overlap: "queue" },
  {
    name: "minutes",
    rule: { kind: "interval", everyMs: 60 * SECOND },
    misfire: { policy: "all", withinMs: 600 * SECOND },
  },
  {
    name: "cron",
    rule: { kind: "cron", expression: "*/7 * * * * *" },
    timeZone: "Europe/Berlin",
    misfire: { policy: "none" },
  },
  {
    name: "night",
    rule: { kind: "daily", at: ["02:15", "02:45", "03:30"] },
    timeZone: "Europe/Berlin",
    jitterMs: 30 * SECOND,
  },
  {
    name: "quarters",
    rule: { kind: "cron", expression: "0 */15 * * * *" },
    exclusions: [{ days: ["sun"], from: "01:10", to: "01:40" }],
  },
];

/** One more process that decides on timed actions, behind a network of its own, whose clock is wrong. */
function aScheduler(stretch: Stretch, n: number): void {
  const system = systemEnvironment();
  const skewed: Environment = { ...paced(system, 50), now: () => system.now() + (n - SCHEDULERS / 2) * 30 * SECOND };
  const log = { error: () => {} };
  const db = openDatabase({
    ...{ connection: { connectionString: stretch.url, application_name: "callsheet scheduler" }, schema: "callsheet" },
    ...{ poolSize: 2, clock: system, onError: () => {} },
  });
  const store = createStore(db);
  const bus = new Bus(store, skewed, log);
  const timer = startTimer({ store, environment: skewed, log, bus } as Partial<Part> as Part, () => {});
  onTestFinished(async () => {
    await timer.stop();
    await bus.close();
    await store.close();
  });
}

test("twenty schedulers, whose clocks are wrong and whose connections break, tell of each instant once", {
  timeout: 240_000,
}, async () => {
  let ran = 0;
  const { cs, name, database } = await aFloorWith(() => void ran++, { flags: ["timed"] }, { alone: true });
  const clock = await database.stopClock();
  await clock.set(BEGIN);
  for (const one of SOME) {
    await cs.timed.create({ ...one, action: name });
    await cs.timed.start(one.name);
  }
  const stretches = await Promise.all([0, 1, 2, 3].map(() => aProxy(database.url)));
  for (let n = 0; n < SCHEDULERS; n++) aScheduler(stretches[n % stretches.length]!, n);

  const open = "select from callsheet.timed_action where started and due_at <= callsheet.now()";
  const isDecided = async () => (await database.db.query({ text: open, values: [] })).rows.length === 0;
  // The same steps each time: mostly on, by a little or a lot, and now and then back.
  const steps = [1, 3, 0.2, 90, 1, 61, -1_800, 1_801, 7, 400, 1, 900];
  for (let step = 0; step < STEPS; step++) {
    const stretch = stretches[step % stretches.length]!;
    if (step % 5 === 1) stretch.strand();
    if (step % 5 === 3) void stretch.cutAtCommit("callsheet.timed_action", step % 2 === 0 ? "before" : "after");
    await clock.advance(steps[step % steps.length]! * SECOND);
    await until(isDecided, { deadlineMs: 60_000, what: "A decision on all that is due" });
  }
  await runUntilIdle(cs, { deadlineMs: 60_000 });

  let fired = 0;
  for (const { name } of SOME) {
    const timed = await cs.timed.get(name);
    const told = (await cs.timed.occurrences(name, { limit: 1_000 })).toReversed();
    expect(told.length).toBeLessThan(1_000);
    for (const slot of slotsAfter(calendarFor({ definition: timed, shared: [] })!, BEGIN.getTime())) {
      if (slot.instant > timed.mark.getTime()) break;
      const times = [...(slot.run ? [slot.run] : []), ...slot.passed.map(({ first }) => first)];
      for (const { wall, fold } of times) {
        const local = wallText(wall);
        const alone = told.filter((one) => one.local === local && one.fold === fold).length;
        const among = told.filter(
          ({ kind, local: from, until: to, instant }) =>
            kind === "skipped" &&
            from !== to &&
            from !== local &&
            instant.getTime() < slot.instant &&
            wallText(wall) <= to,
        ).length;
        expect([name, local, alone + among]).toEqual([name, local, 1]);
      }
    }
    for (const one of told) {
      expect(one.kind === "fired" || (one.kind === "skipped" && one.reason !== null)).toBe(true);
      if (one.kind === "fired") expect(one.outcome).toMatchObject({ state: "completed" });
    }
    const lines = await cs.jobs.history(timed.jobId);
    const begun = lines.filter(({ event }) => event === "come_due").length;
    expect([name, told.filter(({ kind }) => kind === "fired").length]).toEqual([name, begun]);
    fired += begun;
  }
  expect(fired).toBeGreaterThan(STEPS);
  expect(ran).toBe(fired);
});
