import { checkHistory } from "@callsheet/contract";
import { describe, expect, test } from "vitest";
import { until } from "../../src/testing/index.ts";
import { inState } from "../fixtures/floor.ts";
import { aTimedFloor, MINUTE, NOON, tells, toldOf } from "./floor.ts";

const DAY = 1_440 * MINUTE;
const at = (minutes: number) => new Date(NOON.getTime() + minutes * MINUTE);
const time = (minute: number) => `12:${String(minute).padStart(2, "0")}:00`;

type TimedFloor = Awaited<ReturnType<typeof aTimedFloor>>;

/** Lets it run at so many minutes, one after the other; each attempt leaves a line of its log. */
async function runs({ cs, clock, stage }: TimedFloor, from: number, to: number): Promise<void> {
  for (let minute = from; minute <= to; minute++) {
    await clock.set(at(minute));
    const { context, returns } = await stage.nth(minute);
    context.log.info(`minute ${minute}`);
    returns();
    await untilTold(cs, `${time(minute)} completed`);
  }
}

async function untilTold(cs: TimedFloor["cs"], line: string): Promise<void> {
  await until(async () => (await toldOf(cs)).at(-1) === line, { what: line });
}

const linesOf = async ({ cs, jobId }: TimedFloor) => (await cs.jobs.history(jobId)).map(({ event }) => event);

describe("a timed action that keeps its last three occurrences", () => {
  test("lets go of the older ones with their lines and logs, time and again, and is sound", async () => {
    const floor = await aTimedFloor({ keepLast: 3 });
    const { cs, work, jobId } = floor;
    await work();
    await runs(floor, 1, 7);
    const before = await cs.jobs.history(jobId);
    expect(await cs.retention.run({ isDryRun: true })).toMatchObject({ jobs: 0, occurrences: 4 });
    expect(await toldOf(cs)).toHaveLength(7);
    expect(await cs.retention.run()).toMatchObject({ jobs: 0, occurrences: 4 });
    expect(await toldOf(cs)).toEqual([5, 6, 7].map((minute) => `${time(minute)} completed`));
    const after = await cs.jobs.history(jobId);
    const [created, forgotten, ...rest] = after;
    expect(created).toEqual(before[0]);
    expect(forgotten).toMatchObject({ event: "forget", attempt: 4, data: { lines: before.length - 1 - rest.length } });
    expect(before.slice(-rest.length)).toEqual(rest);
    expect(rest.filter(({ event }) => event === "complete").map(({ attempt }) => attempt)).toEqual([5, 6, 7]);
    expect((await cs.jobs.log(jobId)).map(({ message }) => message)).toEqual([5, 6, 7].map((one) => `minute ${one}`));
    expect(await cs.verify()).toMatchObject({ isSound: true });

    await runs(floor, 8, 9);
    await Promise.all([cs.retention.run(), cs.retention.run()]);
    const again = await cs.jobs.history(jobId);
    expect(again.filter(({ event }) => event === "forget")).toMatchObject([
      { seq: again[2]!.seq - 1, attempt: 6, at: again[2]!.at },
    ]);
    expect((again[1]!.data as { lines: number }).lines).toBe(again[1]!.seq - 1);
    expect(await cs.verify()).toMatchObject({ isSound: true });
    await cs.retention.run();
    expect(await cs.jobs.history(jobId)).toEqual(again);
    await cs.timed.update("t", { keepLast: null });
    await cs.retention.run();
    expect(await toldOf(cs)).toHaveLength(3);
  });

  test("lets go a page at a time, and is sound after each", async () => {
    const floor = await aTimedFloor({ keepLast: 1 });
    const { cs, database, work, jobId } = floor;
    const { store } = database;
    await work();
    await runs(floor, 1, 6);
    const [old] = await store.timedWithOld();
    expect(old).toMatchObject({ jobId, before: null, upTo: at(5) });
    const isSound = async () => expect(await cs.verify()).toMatchObject({ isSound: true });
    const pages: number[] = [];
    for (const deed of ["forgetOccurrences", "forgetLines"] as const)
      for (let count = 1; count > 0; ) {
        count = await store.transaction((tx) => tx[deed](old!, 2));
        pages.push(count);
        await isSound();
      }
    expect(pages.filter((count) => count > 0).length).toBeGreaterThan(4);
    expect(await toldOf(cs)).toEqual(["12:06:00 completed"]);
    expect((await linesOf(floor)).filter((event) => event !== "start")).toEqual([
      "create",
      "forget",
      "come_due",
      "complete",
      "rearm",
    ]);
  });

  test("leaves the occurrence that is under way and the one that waits, however old", async () => {
    const floor = await aTimedFloor({ keepLast: 1, overlap: "queue" });
    const { cs, clock, stage, work, jobId } = floor;
    await work();
    await runs(floor, 1, 2);
    await clock.set(at(3));
    const running = await stage.nth(3);
    for (const minute of [4, 5, 6]) {
      await clock.set(at(minute));
      await untilTold(cs, `${time(minute)} ${minute === 4 ? "queued" : "skipped overlap"}`);
    }
    await cs.retention.run();
    // The last one that is over stays as well: that is how the last run ended.
    await tells(cs, "12:02:00 completed", "12:03:00 fired", "12:04:00 queued", "12:06:00 skipped overlap");
    expect(await cs.timed.get("t")).toMatchObject({ lastOutcome: { state: "completed", attempt: 2 } });
    expect(await cs.verify()).toMatchObject({ isSound: true });
    running.returns();
    (await stage.nth(4)).returns();
    await inState(cs, jobId, "scheduled");
    await tells(cs, "12:02:00 completed", "12:03:00 completed", "12:04:00 completed", "12:06:00 skipped overlap");
    await cs.retention.run();
    // However long after it was due it has ended.
    await tells(cs, "12:04:00 completed", "12:06:00 skipped overlap");
    expect(await cs.verify()).toMatchObject({ isSound: true });
  });
});

test("by age old occurrences go, and the history with them", async () => {
  const floor = await aTimedFloor({ rule: { kind: "daily", at: ["12:01"] } });
  const { cs, clock, stage, work, jobId } = floor;
  await cs.retention.put({}, { keepMs: 2 * DAY });
  await work();
  for (let day = 0; day < 6; day++) {
    await clock.set(new Date(at(1).getTime() + day * DAY));
    (await stage.nth(day + 1)).returns();
    await until(async () => (await cs.timed.get("t")).lastOutcome?.attempt === day + 1, { what: `Day ${day}` });
    await inState(cs, jobId, "scheduled");
  }
  await cs.retention.run();
  const [, forgotten, first] = await cs.jobs.history(jobId);
  // The fourth ended just two days ago.
  expect(forgotten).toMatchObject({ event: "forget", attempt: 3 });
  expect(first!.at.getTime()).toBe(at(1).getTime() + 3 * DAY);
  expect(forgotten!.at).toEqual(first!.at);
  expect(checkHistory(await cs.jobs.history(jobId), "timed")).toEqual([]);
});

test("one that only ever passed over its times keeps none of them for ever", async () => {
  const { cs, clock, work } = await aTimedFloor();
  await cs.timed.switchOff();
  await cs.retention.put({}, { keepMs: DAY });
  await work();
  await clock.set(at(1));
  await tells(cs, "12:01:00 skipped switched_off");
  await clock.set(at(2));
  await tells(cs, "12:01:00 skipped switched_off", "12:02:00 skipped switched_off");
  await cs.timed.stop("t");
  await clock.set(new Date(at(2).getTime() + 2 * DAY));
  await cs.retention.run();
  expect(await toldOf(cs)).toEqual([]);
});
