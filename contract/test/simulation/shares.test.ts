import { expect, it } from "vitest";
import type { Day } from "../../src/model/simulation/day.ts";
import { Simulation } from "../../src/model/simulation/simulation.ts";
import { aDay, aJob, aNode, aResource, minute, minutesOf } from "./a-day.ts";

/** The minute at which the job that came last in a day started. */
function startOfLast(day: Day): number {
  const simulation = new Simulation(day);
  const last = String(day.jobs.length);
  for (let now = simulation.advance(); now !== undefined; now = simulation.advance()) {
    const found = now.find(({ job }) => job.id.endsWith(`-${last}`));
    if (found) return minutesOf(found.startedMs - minute(0).getTime());
  }
  throw new Error("It never started.");
}

it("in a replay a job that needs all of a resource gets it while narrow ones keep coming", () => {
  const narrow = Array.from({ length: 120 }, (_, at) => aJob(at, 9 + (at % 3), { needs: { transcode: 1 } }));
  const wide = aJob(20, 5, { needs: { transcode: 8 } });
  expect(startOfLast(aDay(aNode(20), aResource("transcode", 8), ...narrow, wide))).toBeLessThan(45);
});

it("in a replay an owner with one job need not wait behind all those of another", () => {
  const many = Array.from({ length: 40 }, () => aJob(0, 3, { owner: "ada" }));
  expect(startOfLast(aDay(aNode(2), ...many, aJob(1, 3, { owner: "bob" })))).toBe(3);
});
