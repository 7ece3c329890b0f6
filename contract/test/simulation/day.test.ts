import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isCallsheetError } from "../../src/model/errors.ts";
import { linesOf, readDay } from "../../src/model/simulation/day.ts";
import { madeUpDay } from "../../src/model/simulation/made-up-day.ts";
import { changeDay } from "../../src/model/simulation/what-if.ts";
import { aDay, aJob, aLimit, aNode, aResource, minute } from "./a-day.ts";

const refusalOf = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    if (isCallsheetError(error)) return `${error.code}: ${error.message}`;
    throw error;
  }
  return "It was accepted.";
};

describe("a day is read from lines", () => {
  it("of nodes, resources, limits and jobs, with defaults for what they do not say", () => {
    const day = aDay(aNode(4), aResource("transcode", 2), aLimit("action", "*", 3), aJob(5, 2));
    expect(day).toEqual({
      nodes: [{ name: "one", site: "default", slots: 4 }],
      resources: [{ name: "transcode", capacity: 2, tags: [], windows: [] }],
      limits: [{ scope: "action", name: "*", running: 3 }],
      jobs: [
        {
          ...{ at: minute(5), durationMs: 120_000, action: "proxy", owner: "nobody", priority: "normal" },
          ...{ site: "default", queue: "default", needs: {}, locks: [], size: null, tags: [] },
        },
      ],
    });
  });

  it("that are written as they are read", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), fc.string(), (jobs, seed) => {
        const day = madeUpDay({ jobs, seed, from: minute(0) });
        expect(readDay(JSON.parse(JSON.stringify(linesOf(day))))).toEqual(day);
      }),
    );
  });

  it.each([
    [[7], "Line 1 of the day cannot be used: it must be an object with one of job, resource, limit, node."],
    [[aNode(1), { task: {} }], "Line 2 of the day cannot be used: it must be an object with one of"],
    [[{ ...aNode(1), ...aJob(0, 1) }], "Line 1 of the day cannot be used: it must be an object with one of"],
    [[aJob(0, 1, { at: "yesterday" })], "Line 1 of the day cannot be used: job.at: "],
    [[aJob(0, -1)], "Line 1 of the day cannot be used: job.durationMs: "],
    [[aJob(0, 1, { needs: { transcode: 0 } })], "Line 1 of the day cannot be used: job.needs.transcode: "],
    [[aJob(0, 1, { lokcs: [] })], "Line 1 of the day cannot be used: job: "],
    [[aNode(0)], "Line 1 of the day cannot be used: node.slots: "],
    [[aResource("transcode", 1.5)], "Line 1 of the day cannot be used: resource.capacity: "],
  ])("and of %j says what is wrong", (lines, problem) => {
    expect(refusalOf(() => readDay(lines))).toContain(`invalid_argument: ${problem}`);
  });
});

describe("a day is changed", () => {
  const night = { from: "22:00", to: "06:00", timeZone: "UTC", capacity: 9 };
  const day = aDay(
    aNode(4),
    aNode(2, { name: "two" }),
    aResource("transcode", 2, { windows: [night] }),
    aLimit("action", "proxy", 3),
    aJob(0, 1),
  );

  it("in the capacity of a resource, which then counts all day", () => {
    const { resources } = changeDay(day, { capacities: { transcode: 7 } });
    expect(resources).toEqual([{ name: "transcode", capacity: 7, tags: [], windows: [] }]);
  });

  it("in a limit, also in one that it did not have", () => {
    const { limits } = changeDay(day, { capacities: { "action/proxy": 1, "queue/night": 5 } });
    expect(limits).toEqual([
      { scope: "action", name: "proxy", running: 1 },
      { scope: "queue", name: "night", running: 5 },
    ]);
  });

  it("in the slots of each node; without nodes one is made up for each site", () => {
    expect(changeDay(day, { slots: 8 }).nodes.map(({ slots }) => slots)).toEqual([8, 8]);
    expect(changeDay(aDay(aJob(0, 1, { site: "london" })), { slots: 3 }).nodes).toEqual([
      { name: "london", site: "london", slots: 3 },
    ]);
  });

  it("in nothing else", () => expect(changeDay(day, {})).toEqual(day));

  it.each([
    [{ trancode: 3 }, 'The day has no resource "trancode"; it has transcode.'],
    [{ transcode: -1 }, "transcode: a capacity is a whole number, 0 or more."],
    [{ "action/proxy": 1.5 }, "action/proxy: a capacity is a whole number, 0 or more."],
  ])("and %j is refused", (capacities, problem) => {
    expect(refusalOf(() => changeDay(day, { capacities }))).toBe(`invalid_argument: ${problem}`);
  });
});
