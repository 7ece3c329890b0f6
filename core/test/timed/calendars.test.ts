import type { TimedInput } from "@callsheet/contract";
import { describe, expect, test } from "vitest";
import { aFloor, refusal } from "../fixtures/floor.ts";
import { aTimedFloor, MINUTE, NOON, tells } from "./floor.ts";

const at = (text: string) => new Date(`2026-06-${text}Z`);
const DAILY: TimedInput["rule"] = { kind: "daily", at: ["12:01"] };

describe("an exclusion calendar", () => {
  test("excludes times of its own zone, whatever the zone of the timed action is, and each is told", async () => {
    const rule: TimedInput["rule"] = { kind: "daily", at: ["21:00", "23:00"] };
    const { cs, clock, stage, work } = await aTimedFloor({ rule });
    await cs.timed.calendars.put({ name: "berlin", timeZone: "Europe/Berlin", exclusions: [{ date: "2026-06-02" }] });
    await cs.timed.update("t", { calendars: ["berlin"] });
    await work();
    await clock.set(at("01T21:00"));
    (await stage.nth(1)).returns();
    await tells(cs, "21:00:00 completed");
    // In Berlin that day has begun an hour ago.
    expect(await cs.timed.get("t")).toMatchObject({ nextAt: at("02T23:00"), nextLocal: "2026-06-02T23:00:00" });
    const shown = await cs.timed.preview("t", { count: 1 });
    expect(shown.map(({ instant, skipped }) => [instant, skipped])).toEqual([
      [at("01T23:00"), "excluded"],
      [at("02T21:00"), "excluded"],
      [at("02T23:00"), null],
    ]);
    await clock.set(at("01T23:00"));
    await tells(cs, "21:00:00 completed", "23:00:00 skipped excluded");
    await clock.set(at("02T21:00"));
    await tells(cs, "21:00:00 completed", "23:00:00 skipped excluded", "21:00:00 skipped excluded");
    await clock.set(at("02T23:00"));
    (await stage.nth(2)).returns();
    await tells(
      cs,
      ...["21:00:00 completed", "23:00:00 skipped excluded", "21:00:00 skipped excluded", "23:00:00 completed"],
    );
  });

  test("that is changed holds at once for those that use it, and for nobody else", async () => {
    const { cs, name, jobId } = await aTimedFloor({ rule: DAILY, jitterMs: 30 * MINUTE });
    await cs.timed.create({ name: "other", action: name, rule: DAILY });
    await cs.timed.start("other");
    const { dueAt } = await cs.jobs.get(jobId);
    await cs.timed.calendars.put({ name: "works" });
    await cs.timed.update("t", { calendars: ["works"] });
    expect(await cs.timed.get("t")).toMatchObject({ nextAt: at("01T12:01") });
    const night = { since: "2026-06-01T11:00", until: "2026-06-02T12:01:01" };
    expect(await cs.as("ada", "new disks").timed.calendars.put({ name: "works", exclusions: [night] })).toMatchObject({
      ...{ name: "works", timeZone: "UTC", exclusions: [night], usedBy: ["t"], actor: "ada", reason: "new disks" },
    });
    expect(await cs.timed.get("t")).toMatchObject({ nextAt: at("03T12:01"), calendars: ["works"] });
    expect(await cs.timed.get("other")).toMatchObject({ nextAt: at("01T12:01") });
    // What does not run is told when it is due, and not later.
    expect(dueAt!.getTime()).toBeGreaterThan(at("01T12:01").getTime());
    expect(await cs.jobs.get(jobId)).toMatchObject({ dueAt: at("01T12:01") });
    await cs.timed.calendars.put({ name: "works", exclusions: [{ ...night, until: "2026-06-01T12:01" }] });
    expect(await cs.timed.get("t")).toMatchObject({ nextAt: at("01T12:01") });
    expect(await cs.jobs.get(jobId)).toMatchObject({ dueAt });
  });

  test("that has made a stopped one wait, or one that is under way, starts nothing when it is changed", async () => {
    const { cs, clock, stage, work, jobId } = await aTimedFloor();
    await cs.timed.calendars.put({ name: "works" });
    await cs.timed.update("t", { calendars: ["works"] });
    await work();
    await clock.set(new Date(NOON.getTime() + MINUTE));
    const running = await stage.nth(1);
    await cs.timed.calendars.put({ name: "works", exclusions: [{ days: ["mon"] }] });
    expect(await cs.jobs.get(jobId)).toMatchObject({ state: "running" });
    await cs.timed.stop("t");
    running.returns();
    await tells(cs, "12:01:00 completed");
    await cs.timed.calendars.put({ name: "works" });
    expect(await cs.timed.get("t")).toMatchObject({ state: "stopped", nextAt: null, jobState: "completed" });
  });

  test("holds for a rule that counts from the end", async () => {
    const rule = { kind: "interval", everyMs: 90_000, from: "last_end" } as const;
    const { cs, clock, work } = await aTimedFloor({ rule });
    await cs.timed.calendars.put({ name: "mondays", exclusions: [{ days: ["mon"] }] });
    await cs.timed.update("t", { calendars: ["mondays"] });
    await work();
    await clock.set(new Date(NOON.getTime() + 90_000));
    await tells(cs, "12:01:30 skipped excluded");
  });

  test("that is used cannot be deleted, and the error names whose it is", async () => {
    const { cs, name } = await aTimedFloor();
    const calendars = ["works"];
    await cs.timed.calendars.put({ name: "works" });
    await cs.timed.create({ name: "a", action: name, rule: DAILY, calendars });
    await cs.timed.update("t", { calendars });
    expect(await refusal(() => cs.timed.calendars.delete("works"))).toMatchObject({
      ...{ code: "calendar_in_use", message: 'The calendar "works" is used by a, t.' },
      details: { timedActions: ["a", "t"] },
    });
    await cs.timed.delete("a");
    await cs.timed.update("t", { calendars: [] });
    await cs.timed.calendars.delete("works");
    expect(await cs.timed.calendars.list()).toEqual([]);
  });

  test("is there, or what names it is refused", async () => {
    const { cs, name } = await aTimedFloor();
    const fields = { rule: DAILY, calendars: ["none"] };
    for (const call of [
      () => cs.timed.create({ name: "x", action: name, ...fields }),
      () => cs.timed.update("t", fields),
      () => cs.timed.preview(fields),
      () => cs.timed.calendars.get("none"),
      () => cs.timed.calendars.get(undefined as never),
      () => cs.timed.calendars.delete("none"),
    ])
      expect(await refusal(call)).toMatchObject({ code: "unknown_calendar" });
    expect(await cs.timed.list()).toMatchObject([{ name: "t", calendars: [], rule: { kind: "interval" } }]);
  });

  test.each([
    [{ name: "No Name" }, "name"],
    [{ timeZone: "Europe/Nowhere" }, "timeZone"],
    [{ exclusions: [{ date: "2026-02-30" }] }, "exclusions.0"],
    [{ exclusions: [{ since: "2026-06-01T10:00", until: "2026-06-01T10:00" }] }, "exclusions.0"],
    [{ exclusions: [{ since: "2026-06-01T25:00", until: "2026-06-02T10:00" }] }, "exclusions.0"],
    [{ colour: "red" }, "colour"],
  ])("%j is refused", async (fields, why) => {
    const { cs } = await aFloor();
    const put = () => cs.timed.calendars.put({ name: "bad", ...fields } as never);
    expect(await refusal(put)).toMatchObject({ code: "invalid_argument", message: expect.stringContaining(why) });
    expect(await refusal(() => cs.timed.calendars.get("bad"))).toMatchObject({ code: "unknown_calendar" });
  });
});

test("whoever deletes a calendar, and whoever begins to use it, do not miss each other", async () => {
  const { cs, name } = await aTimedFloor();
  for (let round = 0; round < 20; round++) {
    await cs.timed.calendars.put({ name: "works" });
    const [made, deleted] = await Promise.allSettled([
      cs.timed.create({ name: `r${round}`, action: name, rule: DAILY, calendars: ["works"] }),
      cs.timed.calendars.delete("works"),
    ]);
    const codes = [made, deleted].map((one) => (one.status === "rejected" ? one.reason.code : null));
    expect([
      [null, "calendar_in_use"],
      ["unknown_calendar", null],
    ]).toContainEqual(codes);
    if (made.status === "fulfilled") await cs.timed.delete(`r${round}`);
  }
});

test("the checker finds a calendar that is gone", async () => {
  const { cs, database } = await aTimedFloor();
  await cs.timed.calendars.put({ name: "works" });
  await cs.timed.update("t", { calendars: ["works"] });
  await database.db.query({ text: "delete from callsheet.exclusion_calendar", values: [] });
  const { findings } = await cs.verify();
  expect(findings).toMatchObject([
    { invariant: "S02", of: "table timed_action", message: expect.stringContaining("works") },
  ]);
  await cs.timed.calendars.put({ name: "works" });
});
