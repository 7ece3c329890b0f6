import type { ActionInput, TimedInput } from "@callsheet/contract";
import { describe, expect, test } from "vitest";
import { parseCron } from "../../src/operations/timed/cron.ts";
import { aFloor, inState, refusal } from "../fixtures/floor.ts";
import { aTimedFloor, MINUTE, NOON, tells, toldOf } from "./floor.ts";

const at = (minutes: number) => new Date(NOON.getTime() + minutes * MINUTE);
const TIMED: Pick<ActionInput, "flags"> = { flags: ["timed"] };
const MINUTELY = { kind: "interval", everyMs: MINUTE } as const;

describe("what a timed action is made of", () => {
  test.each([
    [{ rule: { kind: "cron", expression: "0 0 30 2 *" } }, "never comes"],
    [{ rule: { kind: "cron", expression: "0 0 31 4,6,9,11 *" } }, "never comes"],
    [{ rule: { kind: "cron", expression: "0 0 0 1 1 * 2020" } }, "never comes"],
    [{ rule: { kind: "cron", expression: "*/0 * * * *" } }, "no cron line"],
    [{ rule: { kind: "cron", expression: "61 * * * *" } }, "no cron line"],
    [{ rule: { kind: "cron", expression: "not a line" } }, "no cron line"],
    [{ rule: { kind: "interval", everyMs: 7 * MINUTE } }, "divide a day"],
    [{ rule: { kind: "interval", everyMs: 1 } }, "rule.everyMs"],
    [{ rule: { kind: "weekly" } }, "rule.kind"],
    [{ rule: { kind: "daily", at: ["25:00"] } }, "rule.at.0"],
    [{ timeZone: "Europe/Nowhere" }, "timeZone"],
    [{ overlap: "both" }, "overlap"],
    [{ jitterMs: -1 }, "jitterMs"],
    [{ exclusions: [{ date: "2026-02-30" }] }, "exclusions.0"],
    [{ dst: { missing: "later" } }, "dst.missing"],
    [{ misfire: { policy: "all", withinMs: 86_400_000 * 2 } }, "More than 1000 runs"],
    [{ job: { startAt: new Date() } }, "takes no startAt"],
    [{ job: { idempotencyKey: "k" } }, "takes no idempotencyKey"],
    [{ job: { keepOpen: true } }, "takes no keepOpen"],
    [{ job: { colour: "red" } }, 'no field "colour"'],
    [{ job: { priority: "loud" } }, "not a priority"],
    [{ name: "No Name" }, "name"],
    [{ colour: "red" }, "colour"],
  ])("%j is refused", async (fields, why) => {
    const { cs, name } = await aFloor(TIMED);
    const call = () => cs.timed.create({ name: "bad", action: name, rule: MINUTELY, ...fields } as never);
    expect(await refusal(call)).toMatchObject({ code: "invalid_argument", message: expect.stringContaining(why) });
    expect(await refusal(() => cs.timed.get("bad"))).toMatchObject({ code: "unknown_timed_action" });
  });

  test("is checked as a job of its action is, and has a name of its own", async () => {
    const { cs, name } = await aFloor(TIMED, { alone: true });
    const make = (fields = {}) => cs.timed.create({ name: "t", action: name, rule: MINUTELY, ...fields });
    expect(await refusal(() => make({ action: "nobody" }))).toMatchObject({ code: "unknown_action" });
    expect(await refusal(() => make({ job: { needs: { gpu: 1 } } }))).toMatchObject({ code: "unknown_resource" });
    await cs.actions.disable(name);
    expect(await refusal(() => make())).toMatchObject({ code: "action_disabled" });
    await cs.actions.enable(name);
    await make();
    expect(await refusal(() => make())).toMatchObject({ code: "timed_action_exists", details: { timedAction: "t" } });
    expect(await cs.jobs.count()).toMatchObject({ created: 1 });
    for (const verb of ["start", "stop", "runNow", "delete", "occurrences", "preview"] as const)
      expect(await refusal(() => cs.timed[verb]("x"))).toMatchObject({ code: "unknown_timed_action" });
    expect(await refusal(() => cs.timed.get(undefined as never))).toMatchObject({ code: "unknown_timed_action" });
  });

  test("is refused for an action that is not for a timetable, also when it is changed to one", async () => {
    const { cs, name, stage } = await aFloor(TIMED, { alone: true });
    await cs.actions.put({ name: "plain", type: stage.type, flags: ["group", "groupMember", "workflow"] });
    const refused = { code: "timed_not_offered", details: { action: "plain" } };
    expect(await refusal(() => cs.timed.create({ name: "t", action: "plain", rule: MINUTELY }))).toMatchObject(refused);
    expect(await cs.timed.list()).toEqual([]);
    await cs.timed.create({ name: "t", action: name, rule: MINUTELY });
    expect(await refusal(() => cs.timed.update("t", { action: "plain" }))).toMatchObject(refused);
    expect(await cs.timed.get("t")).toMatchObject({ action: name });
    await cs.actions.change("plain", { flags: ["timed"] });
    expect(await cs.timed.update("t", { action: "plain" })).toMatchObject({ action: "plain" });
  });

  test("its job takes any target, and what else is said of it", async () => {
    const { cs, name } = await aFloor({ ...TIMED, lock: "exclusive" }, { alone: true });
    const target = { type: "show", id: "S-1" };
    const job = { target, priority: "high", owner: "ada", tags: ["nightly"], configuration: { crf: 20 } } as const;
    const { jobId } = await cs.as("bob", "asked").timed.create({ name: "t", action: name, rule: MINUTELY, job });
    expect(await cs.jobs.get(jobId)).toMatchObject({
      ...{ kind: "timed", state: "created", target, priority: "high", owner: "ada", tags: ["nightly"] },
      ...{ configuration: { crf: 20 }, locks: [{ key: "show/s-1", mode: "exclusive" }] },
    });
    expect((await cs.jobs.history(jobId))[0]).toMatchObject({ actor: "bob", reason: "asked" });
  });
});

describe("cron lines", () => {
  test.each([
    ["* * * * * *", "2026-06-01T12:00:01Z"],
    ["*/5 * * * *", "2026-06-01T12:05:00Z"],
    ["0 0 29 2 *", "2028-02-29T00:00:00Z"],
    ["0 0 29 2 +MON", "2044-02-29T00:00:00Z"],
    ["0 0 L * *", "2026-06-30T00:00:00Z"],
    ["0 9 * * MON#1", "2026-07-06T09:00:00Z"],
    ["0 0 13 * FRI", "2026-06-05T00:00:00Z"],
    ["@weekly", "2026-06-07T00:00:00Z"],
    ["30 0 9 1 1 * 2099", "2099-01-01T09:00:30Z"],
  ])("%s is next due at %s", (expression, next) => {
    expect(parseCron(expression).after(NOON.getTime())).toBe(Date.parse(next));
  });

  test("which days of which months there are is known for 400 years, after which the calendar begins anew", () => {
    const DAY_MS = 86_400_000;
    const from = Date.UTC(2097, 2, 1);
    // Each day of a year on each day of the week: the rarest of them come once in decades.
    for (const [month, day] of [
      [2, 29],
      [2, 28],
      [12, 31],
      [2, 30],
      [4, 31],
    ] as const)
      for (let weekday = 0; weekday < 7; weekday++) {
        let expected: number | null = null;
        for (let time = from; time < from + 400 * 365.2425 * DAY_MS && expected === null; time += DAY_MS) {
          const date = new Date(time);
          if (date.getUTCMonth() + 1 === month && date.getUTCDate() === day && date.getUTCDay() === weekday)
            expected = time;
        }
        expect(parseCron(`0 0 ${day} ${month} +${weekday}`).after(from - 1)).toBe(expected);
      }
  });

  test("that are due at every second are walked without a pause", () => {
    const rule = parseCron("* * * * * *");
    let wall = NOON.getTime();
    for (let n = 0; n < 5_000; n++) wall = rule.after(wall)!;
    expect(wall).toBe(NOON.getTime() + 5_000_000);
  });
});

describe("a change", () => {
  test("of the rule holds from now on, and what the old one came to is told", async () => {
    const { cs, clock, stage, work, jobId } = await aTimedFloor();
    await clock.set(at(2.5));
    const rule = { kind: "cron", expression: "*/10 * * * *" } as const;
    expect(await cs.timed.update("t", { rule })).toMatchObject({
      state: "started",
      rule,
      nextAt: at(10),
      mark: at(2.5),
    });
    expect(await toldOf(cs)).toEqual(["12:01:00-12:02:00 skipped changed"]);
    expect(await cs.jobs.get(jobId)).toMatchObject({ dueAt: at(10) });
    await work();
    await clock.set(at(10));
    (await stage.nth(1)).returns();
    await tells(cs, "12:01:00-12:02:00 skipped changed", "12:10:00 completed");
  });

  test("of what it runs is copied anew from the action, while no occurrence is under way", async () => {
    const { cs, clock, stage, work, jobId, name } = await aTimedFloor({ job: { configuration: { crf: 20 } } });
    await work();
    await cs.actions.change(name, { configuration: { preset: "proxy" }, priority: "high" });
    await cs.timed.update("t", { description: "the same" });
    expect(await cs.jobs.get(jobId)).toMatchObject({
      ...{ configuration: { preset: "proxy", crf: 20 }, priority: "high", actionVersion: 2, configurationVersion: 2 },
    });
    expect(await cs.jobs.amendments(jobId)).toMatchObject([{ version: 1, configuration: { crf: 20 } }]);
    await clock.set(at(1));
    await stage.nth(1);
    const other = { job: { configuration: { crf: 30 } } };
    expect(await refusal(() => cs.timed.update("t", other))).toMatchObject({ code: "timed_action_busy" });
    expect(await cs.timed.update("t", { overlap: "queue" })).toMatchObject({ overlap: "queue", jobState: "running" });
    stage.entered[0]!.returns();
    await inState(cs, jobId, "scheduled");
    await cs.timed.update("t", other);
    expect(await cs.jobs.get(jobId)).toMatchObject({ configuration: { preset: "proxy", crf: 30 } });
  });

  test("that is refused changes nothing", async () => {
    const { cs } = await aTimedFloor();
    expect(await refusal(() => cs.timed.update("t", { timeZone: "x" }))).toMatchObject({ code: "invalid_argument" });
    expect(await cs.timed.get("t")).toMatchObject({ timeZone: "UTC", nextAt: at(1) });
  });
});

test("one is deleted with its job, but not while it runs", async () => {
  const { cs, stage, work, jobId } = await aTimedFloor();
  await work();
  await cs.timed.runNow("t");
  await stage.nth(1);
  expect(await refusal(() => cs.timed.delete("t"))).toMatchObject({ code: "timed_action_busy" });
  stage.entered[0]!.returns();
  await inState(cs, jobId, "scheduled");
  await cs.timed.delete("t");
  expect(await cs.timed.list()).toEqual([]);
  expect(await refusal(() => cs.jobs.get(jobId))).toMatchObject({ code: "job_not_found" });
});

describe("a preview", () => {
  const nightly: Pick<TimedInput, "rule" | "timeZone"> = {
    rule: { kind: "daily", at: ["02:30"] },
    timeZone: "Europe/Berlin",
  };

  test("shows the next ten runs, of one that there is and of one to be made, across a change of the clocks", async () => {
    const { cs } = await aTimedFloor(nightly);
    const from = new Date("2026-10-20T12:00Z");
    const shown = await cs.timed.preview("t", { from });
    expect(await cs.timed.preview(nightly, { from })).toEqual(shown);
    expect(shown.filter(({ skipped }) => skipped === null)).toHaveLength(10);
    const onTheDay = shown.filter(({ change }) => change !== null);
    expect(onTheDay.map(({ local, fold, offset, skipped }) => [local, fold, offset, skipped])).toEqual([
      ["2026-10-25T02:30:00", 0, "+02:00", null],
      ["2026-10-25T02:30:00", 1, "+01:00", "doubled_hour"],
    ]);
    expect(onTheDay[0]!.change).toEqual({ at: new Date("2026-10-25T01:00Z"), from: "+02:00", to: "+01:00" });
  });

  test("begins now, shows as many as are asked for, and none of a rule that counts from an end", async () => {
    const { cs } = await aTimedFloor();
    expect(await cs.timed.preview("t", { count: 2 })).toMatchObject([{ instant: at(1) }, { instant: at(2) }]);
    const rule = { kind: "interval", everyMs: 90_000, from: "last_end" } as const;
    expect(await cs.timed.preview({ rule })).toEqual([]);
    for (const options of [{ count: 0 }, { count: 1_001 }, { from: new Date(Number.NaN) }])
      expect(await refusal(() => cs.timed.preview("t", options))).toMatchObject({ code: "invalid_argument" });
  });
});
