import { afterEach, beforeEach, describe, expect, it, test, vi } from "vitest";
import { systemEnvironment } from "../../src/index.ts";
import { countTimers, until } from "../../src/testing/index.ts";
import { aFloor } from "../fixtures/floor.ts";

const DAY_MS = 86_400_000;
const YEAR_MS = 365 * DAY_MS;

describe("a timer for later than Node.js can count", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
  afterEach(() => void vi.useRealTimers());

  it.each([25 * DAY_MS, 10 * YEAR_MS, Number.MAX_VALUE, Number.POSITIVE_INFINITY])(
    "does not ring at once: %d ms",
    (ms) => {
      const ring = vi.fn();
      systemEnvironment().timers.after(ms, ring);
      vi.advanceTimersByTime(60_000);
      expect(ring).not.toHaveBeenCalled();
    },
  );
});

test("jobs that start in 25 days, in 10 years and in the year 9999 wait until then, while others run", async () => {
  const { environment, pending } = countTimers(systemEnvironment());
  const { database, cs, stage, create, work } = await aFloor({}, { alone: true, environment });
  const clock = await database.stopClock();
  const now = new Date("2026-11-28T12:00:00Z");
  await clock.set(now);
  const later = (ms: number) => new Date(now.getTime() + ms);
  const inDays = await create({ startAt: later(25 * DAY_MS) });
  const inYears = await create({ startAt: later(10 * YEAR_MS) });
  const last = await create({ startAt: new Date("9999-12-31T00:00:00Z") });
  await work();
  stage.clear();
  expect(await cs.jobs.wait(await create())).toMatchObject({ state: "completed" });
  const states = async () => (await cs.jobs.getMany([inDays, inYears, last])).map(({ state }) => state);
  expect(await states()).toEqual(["scheduled", "scheduled", "scheduled"]);
  // Each of them is of a length that Node.js can count.
  expect(pending().filter((text) => Number(/of (\S+) ms/.exec(text)![1]) > 2 ** 31 - 1)).toEqual([]);
  await clock.set(later(25 * DAY_MS));
  expect(await cs.jobs.wait(inDays)).toMatchObject({ state: "completed" });
  await clock.set(later(10 * YEAR_MS));
  expect(await cs.jobs.wait(inYears)).toMatchObject({ state: "completed" });
  await until(async () => (await states())[1] === "completed");
  expect(await states()).toEqual(["completed", "completed", "scheduled"]);
});
