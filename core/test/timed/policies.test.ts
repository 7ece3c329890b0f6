import { partial, snooze, type TimedInput } from "@callsheet/contract";
import { describe, expect, test } from "vitest";
import { until } from "../../src/testing/index.ts";
import { fastEnvironment } from "../fixtures/fast.ts";
import { aType, type Context, inState, refusal } from "../fixtures/floor.ts";
import { aGate, aPlace, type World } from "../fixtures/world.ts";
import { aTimedFloor, MINUTE, NOON, tells, toldOf } from "./floor.ts";

/** In CI a hundred; a thousand by hand. */
const TICKS = Number(process.env.CALLSHEET_TICKS ?? 100);
const timeOf = (instant: Date) => instant.toISOString().slice(11, 19);
const at = (minutes: number) => new Date(NOON.getTime() + minutes * MINUTE);

describe("an occurrence that is not over when the next is due", () => {
  test("skip: the next is passed over", async () => {
    const { cs, clock, stage, work, jobId } = await aTimedFloor();
    await work();
    await clock.set(at(1));
    await stage.nth(1);
    await clock.set(at(2));
    await tells(cs, "12:01:00 fired", "12:02:00 skipped overlap");
    stage.entered[0]!.returns("one");
    await tells(cs, "12:01:00 completed", "12:02:00 skipped overlap");
    expect(await cs.jobs.get(jobId)).toMatchObject({ state: "scheduled", dueAt: at(3), startAt: at(3), retries: 0 });
    expect(stage.entered).toHaveLength(1);
  });

  test("queue: one waits, and begins in the transaction that ends the other", async () => {
    const { cs, clock, stage, work, jobId } = await aTimedFloor({ overlap: "queue" });
    await work();
    for (const minute of [1, 2, 3]) {
      await clock.set(at(minute));
      await stage.nth(1);
      await tells(cs, ...["12:01:00 fired", "12:02:00 queued", "12:03:00 skipped overlap"].slice(0, minute));
    }
    expect(await cs.timed.get("t")).toMatchObject({ queued: 1, nextAt: at(4), lastOutcome: null });
    stage.entered[0]!.returns();
    const second = await stage.nth(2);
    expect(await toldOf(cs)).toEqual(["12:01:00 completed", "12:02:00 fired", "12:03:00 skipped overlap"]);
    second.returns();
    await tells(cs, "12:01:00 completed", "12:02:00 completed", "12:03:00 skipped overlap");
    const lines = (await cs.jobs.history(jobId)).map(({ event }) => event).filter((event) => event !== "start");
    expect(lines).toEqual(["create", "plan", "come_due", "complete", "rearm", "come_due", "complete", "rearm"]);
  });
});

describe("what came to nothing while nobody worked", () => {
  test("last: is told in one, and the last is made up for", async () => {
    const { cs, clock, stage, work } = await aTimedFloor();
    await clock.set(at(5.5));
    await work();
    (await stage.nth(1)).returns();
    await tells(cs, "12:01:00-12:04:00 skipped misfire", "12:05:00 completed catch_up");
    expect((await cs.timed.occurrences("t"))[1]).toMatchObject({ count: 4, instant: at(1) });
  });

  test("all: each is made up for, one after the other", async () => {
    const misfire = { policy: "all", withinMs: 150_000 } as const;
    const { cs, clock, stage, work } = await aTimedFloor({ misfire });
    await clock.set(at(5.5));
    await work();
    for (const n of [1, 2]) (await stage.nth(n)).returns();
    await tells(cs, "12:01:00-12:03:00 skipped misfire", "12:04:00 completed catch_up", "12:05:00 completed catch_up");
  });

  test("none: is passed over", async () => {
    const { cs, clock, stage, work } = await aTimedFloor({ misfire: { policy: "none" } });
    await clock.set(at(5.5));
    await work();
    await tells(cs, "12:01:00-12:05:00 skipped misfire");
    expect(stage.entered).toHaveLength(0);
  });

  test("is not made up for a second time when the clock was set back", async () => {
    const { cs, clock, stage, work } = await aTimedFloor();
    await work();
    await clock.set(at(1));
    (await stage.nth(1)).returns();
    await tells(cs, "12:01:00 completed");
    await clock.set(at(-60));
    expect(await cs.timed.get("t")).toMatchObject({ nextAt: at(2), mark: at(1) });
    await clock.set(at(1));
    await clock.set(at(2));
    (await stage.nth(2)).returns();
    await tells(cs, "12:01:00 completed", "12:02:00 completed");
  });
});

test("a local time that a process with other time zones has told of, at another instant, is told once, and the next ones follow", async () => {
  const { cs, clock, stage, work, database } = await aTimedFloor();
  const text = `insert into callsheet.occurrence (timed_action_id, origin, nominal, fold, until_nominal, count, instant, until_instant, kind, reason)
    select id, 'rule', '2026-06-01T12:01:00', 0, '2026-06-01T12:01:00', 1, $1, $1, 'skipped', 'stopped' from callsheet.timed_action`;
  await database.db.query({ text, values: [at(0.5)] });
  await work();
  await clock.set(at(1));
  await until(async () => (await cs.timed.get("t")).mark.getTime() === at(1).getTime(), { what: "A decision" });
  await clock.set(at(2));
  (await stage.nth(1)).returns();
  await tells(cs, "12:01:00 skipped stopped", "12:02:00 completed");
});

describe("start and stop", () => {
  test("what a stopped one would have come to is told in one", async () => {
    const { cs, clock, stage, work, jobId } = await aTimedFloor();
    await work();
    expect(await cs.timed.stop("t")).toMatchObject({ state: "stopped", jobState: "created", nextAt: null });
    expect(await cs.jobs.get(jobId)).toMatchObject({ startAt: null });
    await clock.set(at(10));
    expect(await cs.timed.stop("t")).toMatchObject({ state: "stopped", mark: NOON });
    expect(await cs.timed.start("t")).toMatchObject({ state: "started", nextAt: at(11), mark: at(10) });
    expect(await cs.timed.start("t")).toMatchObject({ nextAt: at(11) });
    expect(await toldOf(cs)).toEqual(["12:01:00-12:10:00 skipped stopped"]);
    await clock.set(at(11));
    (await stage.nth(1)).returns();
    await tells(cs, "12:01:00-12:10:00 skipped stopped", "12:11:00 completed");
  });

  test("one that is stopped while it runs goes on to its end, and its job is set up again by a start", async () => {
    const { cs, clock, stage, work, jobId } = await aTimedFloor({ overlap: "queue" });
    await work();
    await clock.set(at(1));
    const running = await stage.nth(1);
    await clock.set(at(2));
    await tells(cs, "12:01:00 fired", "12:02:00 queued");
    await cs.timed.stop("t");
    running.returns("last");
    expect(await cs.jobs.wait(jobId)).toMatchObject({ state: "completed", result: "last" });
    expect(await toldOf(cs)).toEqual(["12:01:00 completed", "12:02:00 skipped stopped"]);
    await clock.set(at(3));
    expect(await cs.timed.start("t")).toMatchObject({
      jobState: "scheduled",
      nextAt: at(4),
      lastOutcome: { state: "completed" },
    });
  });

  test("one is run by hand, started or not, but for one that is running", async () => {
    const { cs, stage, work, jobId } = await aTimedFloor();
    await work();
    expect(await cs.timed.runNow("t")).toMatchObject({ state: "started" });
    await stage.nth(1);
    expect(await refusal(() => cs.timed.runNow("t"))).toMatchObject({ code: "timed_action_busy", details: { jobId } });
    await cs.timed.stop("t");
    stage.entered[0]!.returns();
    await cs.jobs.wait(jobId);
    await cs.timed.runNow("t");
    (await stage.nth(2)).returns();
    expect(await cs.jobs.wait(jobId)).toMatchObject({ state: "completed", attempt: 2 });
  });

  test("all are switched off at once", async () => {
    const { cs, clock, stage, work } = await aTimedFloor();
    await work();
    expect(await cs.timed.isOn()).toBe(true);
    await cs.timed.switchOff();
    expect(await cs.timed.isOn()).toBe(false);
    await clock.set(at(1));
    await tells(cs, "12:01:00 skipped switched_off");
    await cs.timed.switchOn();
    await clock.set(at(2));
    (await stage.nth(1)).returns();
    await tells(cs, "12:01:00 skipped switched_off", "12:02:00 completed");
  });
});

test("an occurrence that waits when all are switched off is passed over, and what runs goes on to its end", async () => {
  const { cs, clock, stage, work } = await aTimedFloor({ overlap: "queue" });
  await work();
  await clock.set(at(1));
  const running = await stage.nth(1);
  await clock.set(at(2));
  await tells(cs, "12:01:00 fired", "12:02:00 queued");
  await cs.timed.switchOff();
  running.returns();
  await tells(cs, "12:01:00 completed", "12:02:00 skipped switched_off");
  expect(stage.entered).toHaveLength(1);
});

test("local time of its zone is shown, and instants are stored", async () => {
  const rule: TimedInput["rule"] = { kind: "daily", at: ["18:00"] };
  const { cs, clock, stage, work, database } = await aTimedFloor({ rule, timeZone: "Asia/Kolkata" });
  const instant = new Date("2026-06-01T12:30:00Z");
  expect(await cs.timed.get("t")).toMatchObject({ nextAt: instant, nextLocal: "2026-06-01T18:00:00" });
  await work();
  await clock.set(instant);
  (await stage.nth(1)).returns();
  await tells(cs, "18:00:00 completed");
  expect(await cs.timed.occurrences("t")).toMatchObject([{ instant, local: "2026-06-01T18:00:00", firedAt: instant }]);
  const text = "select nominal, to_char(instant at time zone 'UTC', 'HH24:MI') as utc from callsheet.occurrence";
  const { rows } = await database.db.query({ text, values: [] });
  expect(rows).toEqual([{ nominal: "2026-06-01T18:00:00", utc: "12:30" }]);
});

describe("how an occurrence ends", () => {
  test("retries lie within it, and the next begins to count anew", async () => {
    const { cs, clock, stage, work, jobId } = await aTimedFloor({}, { retry: { limit: 1, delayMs: 0, jitter: 0 } });
    await work();
    await clock.set(at(1));
    (await stage.nth(1)).throws(new Error("first"));
    await clock.advance(1);
    (await stage.nth(2)).throws(new Error("second"));
    await tells(cs, "12:01:00 failed");
    const { lastOutcome } = await cs.timed.get("t");
    expect(lastOutcome).toMatchObject({ state: "failed", retries: 1, attempt: 2, error: { message: "second" } });
    // The job waits for the next, and tells of the last.
    expect(await cs.jobs.get(jobId)).toMatchObject({
      state: "scheduled",
      retries: 0,
      attempt: 2,
      timedAction: "t",
      lastOutcome,
    });
    expect((await cs.jobs.list())[0]).toMatchObject({ timedAction: "t", lastOutcome });
  });

  test(`one that always fails fires once for each of ${TICKS} instants`, { timeout: 120_000 }, async () => {
    const { clock, database, name, jobId } = await aTimedFloor();
    const cs = await database.open({ environment: fastEnvironment() });
    let runs = 0;
    const fails = () => {
      runs += 1;
      throw new Error("always");
    };
    let ended = () => {};
    await cs.work({ name, types: [aType(fails, name)], onStored: () => ended() });
    for (let minute = 1; minute <= TICKS; minute++) {
      const end = new Promise<void>((resolve) => {
        ended = resolve;
      });
      await clock.set(at(minute));
      await end;
    }
    const told = await toldOf(cs);
    expect(told).toEqual(Array.from({ length: TICKS }, (_, n) => `${timeOf(at(n + 1))} failed`));
    expect(runs).toBe(TICKS);
    expect(await cs.jobs.get(jobId)).toMatchObject({ state: "scheduled", attempt: TICKS, dueAt: at(TICKS + 1) });
  });

  test("a partial result and a wait that the handler asked for are no end of the timed action", async () => {
    const { cs, clock, stage, work, jobId } = await aTimedFloor();
    await work();
    await clock.set(at(1));
    (await stage.nth(1)).returns(snooze(at(1.5)));
    await inState(cs, jobId, "scheduled");
    expect(await toldOf(cs)).toEqual(["12:01:00 fired"]);
    await clock.set(at(1.5));
    (await stage.nth(2)).returns(partial({ done: 1 }, [{ path: "b", message: "no" }]));
    await tells(cs, "12:01:00 partial");
    expect(await cs.jobs.get(jobId)).toMatchObject({ state: "scheduled", dueAt: at(2) });
  });

  test("a rule that counts from the end waits for it", async () => {
    const rule = { kind: "interval", everyMs: 90_000, from: "last_end" } as const;
    const { cs, clock, stage, work } = await aTimedFloor({ rule });
    await work();
    expect(await cs.timed.get("t")).toMatchObject({ nextAt: at(1.5) });
    await clock.set(at(1.5));
    await stage.nth(1);
    expect(await cs.timed.get("t")).toMatchObject({ nextAt: null });
    await clock.set(at(10));
    stage.entered[0]!.returns();
    await tells(cs, "12:01:30 completed");
    expect(await cs.timed.get("t")).toMatchObject({ nextAt: at(11.5), nextLocal: "2026-06-01T12:11:30" });
  });

  test("one whose nodes die is poison: its job waits for somebody, and a start sets it up again", async () => {
    const { cs, clock, stage, work, jobId, database } = await aTimedFloor();
    const first = await work({ name: "first" });
    await clock.set(at(1));
    await stage.nth(1);
    await database.db.query({ text: "update callsheet.work set crashes = 2 where job_id = $1", values: [jobId] });
    await work({ name: "second" });
    const dead = "update callsheet.node set state = 'dead', ended_at = callsheet.now() where name = 'first'";
    await database.db.query({ text: dead, values: [] });
    await inState(cs, jobId, "failed");
    await clock.set(at(2));
    await tells(cs, "12:01:00 failed", "12:02:00 skipped quarantined");
    expect(await cs.timed.start("t")).toMatchObject({ jobState: "scheduled", nextAt: at(3) });
    stage.entered[0]!.returns();
    await clock.set(at(3));
    (await stage.nth(2)).returns();
    await tells(cs, "12:01:00 failed", "12:02:00 skipped quarantined", "12:03:00 completed");
    await first.stop();
  });
});

test("what a failed occurrence did is undone before its job is set up again", async () => {
  const gate = aGate();
  const run = async (context: Context, world: World) => {
    await world.effect(context, "a");
    throw new Error("no");
  };
  const { cs, world, work } = await aPlace({ run, onUndo: () => gate.opened }, { flags: ["timed"] }, { alone: true });
  const { jobId } = await cs.timed.create({ name: "t", action: world.name, rule: { kind: "daily", at: ["00:00"] } });
  await cs.timed.start("t");
  await work();
  await cs.timed.runNow("t");
  await tells(cs, "by hand failed");
  expect(await cs.timed.get("t")).toMatchObject({ jobState: "failed", lastOutcome: { state: "failed" } });
  expect(await refusal(() => cs.timed.runNow("t"))).toMatchObject({ code: "timed_action_busy" });
  gate.open();
  const { nextAt } = await cs.timed.get("t");
  expect(await inState(cs, jobId, "scheduled")).toMatchObject({ dueAt: nextAt, rollback: "done" });
  expect(world.log).toEqual(["done a", "undone a"]);
});

test("its job is planned, held and cancelled by nobody: its timed action is stopped", async () => {
  const { cs, jobId } = await aTimedFloor();
  for (const call of [
    () => cs.jobs.cancel(jobId),
    () => cs.jobs.hold(jobId),
    () => cs.jobs.schedule(jobId, at(7)),
    () => cs.jobs.unschedule(jobId),
  ])
    expect(await refusal(call)).toMatchObject({
      code: "wrong_state",
      message: expect.stringContaining('The job of the timed action "'),
      details: { state: "scheduled", legal: ["amend", "set_priority"] },
    });
  expect(await cs.jobs.get(jobId)).toMatchObject({ state: "scheduled", kind: "timed", origin: "timed", dueAt: at(1) });
});
