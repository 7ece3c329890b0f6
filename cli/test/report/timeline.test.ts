import { describe, expect, it } from "vitest";
import { slotUse, timeSpent } from "../../src/report/time-spent.ts";
import { layTimeline, ticksOf } from "../../src/report/timeline.ts";
import { anAttempt, anOverrunJob, aReportJob } from "./a-report.ts";

const job = (id: string, times: readonly [number, number, number]) => aReportJob({ id, attempts: [anAttempt(times)] });
const lanesOf = (timeline: ReturnType<typeof layTimeline>) =>
  Object.fromEntries(timeline.bars.map(({ job, lane }) => [job.id, lane]));

describe("the timeline", () => {
  it("puts attempts that run at once on lanes of their own, and the next on the lane that is free", () => {
    const jobs = [job("a", [0, 0, 50]), job("b", [0, 10, 100]), job("c", [0, 50, 80]), job("d", [0, 80, 90])];
    const timeline = layTimeline({ jobs, slots: 2 });
    expect(lanesOf(timeline)).toEqual({ a: 0, b: 1, c: 0, d: 0 });
    expect(timeline).toMatchObject({ lengthMs: 100, laneCount: 2 });
  });

  it("has no more lanes than slots, and a job that was taken ahead begins when a slot is free", () => {
    const jobs = [job("a", [0, 0, 50]), job("b", [0, 0, 90]), job("c", [0, 10, 80]), job("d", [0, 20, 60])];
    const timeline = layTimeline({ jobs, slots: 2 });
    expect(timeline.bars.map(({ job, lane, from, to }) => [job.id, lane, from, to])).toEqual([
      ["a", 0, 0, 50],
      ["b", 1, 0, 90],
      ["c", 0, 50, 80],
      ["d", 0, 60, 60],
    ]);
  });

  it("keeps every attempt of a job, its time-out, and what still runs up to the end", () => {
    const running = aReportJob({ id: "r", attempts: [anAttempt([0, 100, 0], { endedAt: null, state: "running" })] });
    const { bars } = layTimeline({ jobs: [anOverrunJob({ id: "o" }), running], slots: 2 });
    expect(bars.map(({ job, from, overran, to }) => [job.id, from, overran, to])).toEqual([
      ["o", 20, 420, 2000],
      ["r", 100, null, 2000],
    ]);
  });

  it("stacks waiting that overlaps, and shows none where there was none", () => {
    const jobs = [job("a", [0, 0, 50]), job("b", [0, 50, 60]), job("c", [10, 60, 70]), job("d", [50, 70, 80])];
    const { waits, waitRowCount } = layTimeline({ jobs, slots: 1 });
    expect(waits.map(({ job, row, from, to }) => [job.id, row, from, to])).toEqual([
      ["b", 0, 0, 50],
      ["c", 1, 10, 60],
      ["d", 0, 50, 70],
    ]);
    expect(waitRowCount).toBe(2);
  });

  it("is empty without attempts", () => {
    expect(layTimeline({ jobs: [aReportJob({ attempts: [] })], slots: 2 })).toMatchObject({
      lengthMs: 0,
      bars: [],
      waits: [],
    });
  });
});

it.each([
  [0, [0]],
  [9_300, [0, 1000, 2000, 3000, 4000, 5000, 6000, 7000, 8000, 9000]],
  [450, [0, 50, 100, 150, 200, 250, 300, 350, 400, 450]],
  [61_000, [0, 10_000, 20_000, 30_000, 40_000, 50_000, 60_000]],
])("an axis of %i ms is marked in round steps", (lengthMs, ticks) => {
  expect(ticksOf(lengthMs, 10)).toEqual(ticks);
});

describe("where the time went", () => {
  it("is summed by action over all attempts, the longest running first", () => {
    const twice = aReportJob({ action: "copy", attempts: [anAttempt([0, 10, 30]), anAttempt([30, 60, 90])] });
    const spent = timeSpent([twice, aReportJob({ attempts: [anAttempt([0, 5, 1005])] })]);
    expect(spent).toEqual([
      { action: "proxy", attempts: 1, waitedMs: 5, ranMs: 1000, longestMs: 1000 },
      { action: "copy", attempts: 2, waitedMs: 40, ranMs: 50, longestMs: 30 },
    ]);
    expect(slotUse(spent, 2, 1050)).toBeCloseTo(0.5);
    expect(slotUse([], 2, 0)).toBe(0);
  });
});
