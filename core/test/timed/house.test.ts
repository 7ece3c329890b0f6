import type { TimedInput } from "@callsheet/contract";
import { expect, onTestFinished, test } from "vitest";
import { openTestDatabase } from "../../src/testing/index.ts";
import { exported, imported } from "../fixtures/archive.ts";
import { aFloor } from "../fixtures/floor.ts";
import { aTimedFloor, MINUTE, NOON, tells, toldOf } from "./floor.ts";

const DAY = 1_440 * MINUTE;
const at = (minutes: number) => new Date(NOON.getTime() + minutes * MINUTE);

test("retention lets go of old occurrences, and never of the job", async () => {
  const { cs, clock, stage, work, jobId } = await aTimedFloor({ rule: { kind: "daily", at: ["12:01"] } });
  await work();
  for (const day of [0, 1, 2]) {
    await clock.set(new Date(at(1).getTime() + day * DAY));
    (await stage.nth(day + 1)).returns();
    await tells(cs, ...Array.from({ length: day + 1 }, () => "12:01:00 completed"));
  }
  await cs.retention.put({ state: "completed" }, { keepMs: 1.5 * DAY });
  await cs.retention.run();
  // Those that fail are kept for ever: how it would have ended decides.
  expect(await toldOf(cs)).toHaveLength(3);
  await cs.retention.put({}, { keepMs: DAY });
  await cs.retention.run();
  expect(await toldOf(cs)).toHaveLength(2);
  expect(await cs.verify()).toMatchObject({ isSound: true });
  expect(await cs.jobs.get(jobId)).toMatchObject({ state: "scheduled" });
});

test("an export takes timed actions along, which go on where they stood", async () => {
  const { cs, database, stage, name, work } = await aFloor({ flags: ["timed"] }, { alone: true });
  await cs.timed.calendars.put({ name: "new-year", timeZone: "Asia/Tokyo", exclusions: [{ yearly: "01-01" }] });
  const rule: TimedInput["rule"] = { kind: "daily", at: ["02:30"] };
  await cs.timed.create({ name: "t", action: name, rule, timeZone: "Asia/Tokyo", calendars: ["new-year"] });
  await cs.timed.start("t");
  const node = await work();
  await cs.timed.runNow("t");
  (await stage.nth(1)).returns();
  await tells(cs, "by hand completed");
  await node.stop();
  const target = await openTestDatabase();
  onTestFinished(() => target.close());
  await imported(target.url, await exported(database.url));
  const there = await target.open();
  expect(await there.timed.get("t")).toEqual(await cs.timed.get("t"));
  expect(await there.timed.calendars.list()).toEqual(await cs.timed.calendars.list());
  expect(await there.timed.occurrences("t")).toEqual(await cs.timed.occurrences("t"));
  expect(await there.timed.stop("t")).toMatchObject({ state: "stopped", jobState: "created" });
});
