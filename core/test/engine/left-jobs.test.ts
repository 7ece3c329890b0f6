import { expect, test } from "vitest";
import { LeftJobs } from "../../src/engine/left-jobs.ts";

test("jobs that were left are looked at again by a look at all jobs, and others beside them", () => {
  const left = new LeftJobs();
  left.replace(
    Array.from({ length: 50 }, (_, n) => ({ id: `${n}`, laneId: 1 })),
    0,
  );
  expect([left.limitFor(10, true), left.limitFor(100, true), left.limitFor(10, false)]).toEqual([90, 133, 18]);
});
