import { calendarOf, type DstPolicy, openZone, slotsAfter } from "@callsheet/contract";
import { Cron } from "croner";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { systemEnvironment } from "../../src/index.ts";
import { parseCron } from "../../src/operations/timed/cron.ts";
import { changesOf, cronOf, expected, type Fields, type Minute, minutesAround } from "./oracle.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const [FIRST_YEAR, LAST_YEAR] = [2000, 2040];

/** `CALLSHEET_ZONES`: `all`, or how the names of zones begin, such as `America/A`. By default the strangest ones, in some years. */
const asked = systemEnvironment().processes.variables.CALLSHEET_ZONES;
const STRANGE = [
  "Europe/Berlin",
  "America/New_York",
  "America/St_Johns",
  "America/Asuncion",
  "America/Caracas",
  "Australia/Lord_Howe",
  "Africa/Casablanca",
  "Antarctica/Troll",
  "Asia/Gaza",
  "Asia/Pyongyang",
  "Pacific/Apia",
] as const;
const ALL = Intl.supportedValuesOf("timeZone");
const zones = asked === undefined ? STRANGE : ALL.filter((name) => asked === "all" || name.startsWith(asked));

const someOf = (most: number, from = 0) =>
  fc
    .uniqueArray(fc.integer({ min: from, max: most }), { minLength: 1, maxLength: 4 })
    .map((list) => list.sort((a, b) => a - b));
const every = fc.constant(undefined);
const QUARTERS = [0, 15, 30, 45];
const fields = fc
  .record({
    minutes: fc.oneof(someOf(59), fc.constant([0, 30]), fc.constant(QUARTERS), fc.constant([30])),
    hours: fc.oneof(every, someOf(4), someOf(23), fc.constant([2])),
    day: fc.oneof(
      { weight: 3, arbitrary: every },
      someOf(31, 1).map((days) => ({ days })),
      someOf(6).map((weekdays) => ({ weekdays })),
    ),
    months: fc.oneof({ weight: 4, arbitrary: every }, someOf(12, 1)),
  })
  .map(({ minutes, hours, day, months }) => ({
    minutes,
    ...(hours && { hours }),
    ...(months && { months }),
    ...day,
  }));
const policy = fc.record<DstPolicy>({
  missing: fc.constantFrom("next", "skip"),
  doubled: fc.constantFrom("first", "second", "both"),
});

/** What the rules make of the same minutes. */
function found(zone: ReturnType<typeof openZone>, minutes: readonly Minute[], rule: Fields, dst: DstPolicy) {
  const written = { kind: "cron", expression: cronOf(rule) } as const;
  const calendar = calendarOf(parseCron(written.expression), { rule: written, dst, exclusions: [] }, { zone });
  const runs: string[] = [];
  let [missed, twice] = [0, 0];
  for (const { instant, run, passed } of slotsAfter(calendar, minutes[0]!.instant - 1)) {
    if (instant > minutes.at(-1)!.instant) break;
    if (run !== undefined) runs.push(`${instant} ${run.wall} ${run.fold}`);
    for (const { count, reason } of passed) {
      if (reason === "missing_hour") missed += count;
      else twice += count;
    }
  }
  return { runs, missed, twice };
}

describe("the instants of a rule are those of a clock that is looked at every minute", () => {
  const step = asked === undefined ? DAY : HOUR;
  test.each(zones)("%s", { timeout: 600_000 }, (name) => {
    const zone = openZone(name);
    const years = Array.from({ length: LAST_YEAR - FIRST_YEAR + 1 }, (_, n) => FIRST_YEAR + n);
    const changes = years.flatMap((year) => changesOf(name, year, step));
    const looked = asked === undefined ? changes.filter((_, n) => n % Math.ceil(changes.length / 8) === 0) : changes;
    for (const [n, change] of looked.entries()) {
      // An instant of every change is at hand, and no second one near it.
      expect(zone.around(change).changes.map(({ at }) => at)).toEqual([change]);
      const minutes = minutesAround(name, change);
      const draws = { seed: n, numRuns: 4, endOnFailure: true };
      fc.assert(
        fc.property(fields, policy, (rule, dst) => {
          expect(found(zone, minutes, rule, dst)).toEqual(expected(minutes, rule, dst));
        }),
        draws,
      );
    }
  });
});

describe("the library's own answer at a change differs from each policy", () => {
  const zone = openZone("Europe/Berlin");
  const [spring, autumn] = ["2026-03-28T12:00Z", "2026-10-24T12:00Z"] as const;
  const own = (expression: string, from: string) =>
    new Cron(expression, { timezone: "Europe/Berlin" })
      .nextRuns(4, new Date(from))
      .map((at) => at.toISOString().slice(5, 16));
  const ours = (expression: string, from: string, dst: Partial<DstPolicy>) => {
    const rule = { kind: "cron", expression } as const;
    const calendar = calendarOf(
      parseCron(expression),
      { rule, dst: { missing: "next", doubled: "first", ...dst }, exclusions: [] },
      { zone },
    );
    const runs: string[] = [];
    for (const { instant, run } of slotsAfter(calendar, Date.parse(from))) {
      if (run !== undefined) runs.push(new Date(instant).toISOString().slice(5, 16));
      if (runs.length === 4) break;
    }
    return runs;
  };

  test("missing: next, where two times lie in the hour: the library loses both", () => {
    expect(own("0,30 2 * * *", spring)[0]).toBe("03-30T00:00");
    expect(ours("0,30 2 * * *", spring, {})[0]).toBe("03-29T01:00");
  });

  test("missing: skip, where one time lies in it: the library runs it", () => {
    expect(own("30 2 * * *", spring)[0]).toBe("03-29T01:00");
    expect(ours("30 2 * * *", spring, { missing: "skip" })[0]).toBe("03-30T00:30");
  });

  test("doubled: first, where two times lie in the hour: the library runs them twice", () => {
    expect(own("0,30 2 * * *", autumn)).toEqual(["10-25T00:00", "10-25T00:30", "10-25T01:00", "10-25T01:30"]);
    expect(ours("0,30 2 * * *", autumn, {}).slice(0, 3)).toEqual(["10-25T00:00", "10-25T00:30", "10-26T01:00"]);
  });

  test("doubled: second, and both, where one time lies in it: the library runs it in the first", () => {
    expect(own("30 2 * * *", autumn).slice(0, 2)).toEqual(["10-25T00:30", "10-26T01:30"]);
    expect(ours("30 2 * * *", autumn, { doubled: "second" })[0]).toBe("10-25T01:30");
    expect(ours("30 2 * * *", autumn, { doubled: "both" }).slice(0, 2)).toEqual(["10-25T00:30", "10-25T01:30"]);
  });
});
