import { describe, expect, test } from "vitest";
import {
  calendarOf,
  type DstPolicy,
  exclusionSchema,
  lastRun,
  nextRun,
  openZone,
  previewInstants,
  type Slot,
  slotOfEnd,
  slotsAfter,
  type TimedRule,
  timedRuleSchema,
  wallRule,
  wallText,
} from "../../src/index.ts";

const NO_CRON = () => {
  throw new Error("No cron line here.");
};

interface Case {
  readonly rule: unknown;
  readonly zone: string;
  readonly dst?: Partial<DstPolicy>;
  readonly exclusions?: readonly unknown[];
}

function aCalendar({ rule: written, zone, dst = {}, exclusions = [] }: Case) {
  const rule: TimedRule = timedRuleSchema.parse(written);
  const policies = { missing: "next", doubled: "first", ...dst } as const;
  const excluded = exclusions.map((one) => exclusionSchema.parse(one));
  return calendarOf(wallRule(rule, NO_CRON)!, { rule, dst: policies, exclusions: excluded }, { zone: openZone(zone) });
}

const told = ({ instant, run, passed }: Slot) =>
  [
    new Date(instant).toISOString().slice(5, 19),
    ...passed.map(({ first, count, reason }) => `${wallText(first.wall).slice(5)} x${count} ${reason}`),
    ...(run === undefined ? [] : [`${wallText(run.wall).slice(5)}${run.fold === 1 ? " again" : ""}`]),
  ].join(" | ");

/** The slots of a stretch of time, each as one line. */
function slots(given: Case, from: string, until: string): readonly string[] {
  const found: string[] = [];
  for (const slot of slotsAfter(aCalendar(given), Date.parse(from))) {
    if (slot.instant >= Date.parse(until)) break;
    found.push(told(slot));
  }
  return found;
}

const NIGHTLY = { kind: "daily", at: ["02:00", "02:30"] };
const SPRING = ["2026-03-28T12:00Z", "2026-03-30T12:00Z"] as const;
const AUTUMN = ["2026-10-24T12:00Z", "2026-10-25T12:00Z"] as const;
const BERLIN = "Europe/Berlin";

describe("the missing hour", () => {
  test("next: several times of it run as one, at the first instant after it", () => {
    expect(slots({ rule: NIGHTLY, zone: BERLIN }, ...SPRING)).toEqual([
      "03-29T01:00:00 | 03-29T02:30:00 x1 missing_hour | 03-29T02:00:00",
      "03-30T00:00:00 | 03-30T02:00:00",
      "03-30T00:30:00 | 03-30T02:30:00",
    ]);
  });

  test("next: a time of its own at that instant goes first", () => {
    const rule = { kind: "daily", at: ["02:30", "03:00"] };
    expect(slots({ rule, zone: BERLIN }, "2026-03-28T12:00Z", "2026-03-29T12:00Z")).toEqual([
      "03-29T01:00:00 | 03-29T02:30:00 x1 missing_hour | 03-29T03:00:00",
    ]);
  });

  test("skip: its times do not run, and are told", () => {
    expect(slots({ rule: NIGHTLY, zone: BERLIN, dst: { missing: "skip" } }, ...SPRING)[0]).toBe(
      "03-29T01:00:00 | 03-29T02:00:00 x2 missing_hour",
    );
  });

  test("may be a whole day", () => {
    const rule = { kind: "daily", at: ["12:00"] };
    expect(slots({ rule, zone: "Pacific/Apia" }, "2011-12-29T12:00Z", "2011-12-31T12:00Z")).toEqual([
      "12-29T22:00:00 | 12-29T12:00:00",
      "12-30T10:00:00 | 12-30T12:00:00",
      "12-30T22:00:00 | 12-31T12:00:00",
    ]);
  });

  test("may be half an hour", () => {
    const rule = { kind: "daily", at: ["02:15"] };
    expect(slots({ rule, zone: "Australia/Lord_Howe" }, "2026-10-03T12:00Z", "2026-10-04T12:00Z")).toEqual([
      "10-03T15:30:00 | 10-04T02:15:00",
    ]);
  });
});

describe("the doubled hour", () => {
  test.each([
    ["first", ["10-25T00:00:00 | 10-25T02:00:00", "10-25T00:30:00 | 10-25T02:30:00"]],
    ["second", ["10-25T01:00:00 | 10-25T02:00:00 again", "10-25T01:30:00 | 10-25T02:30:00 again"]],
    [
      "both",
      [
        "10-25T00:00:00 | 10-25T02:00:00",
        "10-25T00:30:00 | 10-25T02:30:00",
        "10-25T01:00:00 | 10-25T02:00:00 again",
        "10-25T01:30:00 | 10-25T02:30:00 again",
      ],
    ],
  ] as const)("%s", (doubled, runs) => {
    const all = slots({ rule: NIGHTLY, zone: BERLIN, dst: { doubled } }, ...AUTUMN);
    expect(all).toHaveLength(4);
    expect(all.filter((one) => !one.includes("doubled_hour"))).toEqual(runs);
  });

  test("that ends at midnight makes no day begin twice", () => {
    const rule = { kind: "daily", at: ["00:00"] };
    expect(slots({ rule, zone: "America/Havana" }, "2026-10-31T12:00Z", "2026-11-02T12:00Z")).toEqual([
      "11-01T04:00:00 | 11-01T00:00:00",
      "11-01T05:00:00 | 11-01T00:00:00 x1 doubled_hour",
      "11-02T05:00:00 | 11-02T00:00:00",
    ]);
  });
});

describe("an aligned interval", () => {
  const every = (minutes: number) => ({ kind: "interval", everyMs: minutes * 60_000 });

  test("of 15 minutes is :00, :15, :30 and :45 of local time", () => {
    expect(slots({ rule: every(15), zone: "Asia/Kathmandu" }, "2026-06-01T00:01Z", "2026-06-01T01:00Z")).toEqual([
      "06-01T00:15:00 | 06-01T06:00:00",
      "06-01T00:30:00 | 06-01T06:15:00",
      "06-01T00:45:00 | 06-01T06:30:00",
    ]);
  });

  test("of up to an hour goes on in real time, whatever the clocks and the policy say", () => {
    const dst = { doubled: "first", missing: "next" } as const;
    const spring = slots({ rule: every(30), zone: BERLIN, dst }, "2026-03-29T00:10Z", "2026-03-29T02:10Z");
    expect(spring).toEqual([
      "03-29T00:30:00 | 03-29T01:30:00",
      "03-29T01:00:00 | 03-29T02:00:00 x2 missing_hour | 03-29T03:00:00",
      "03-29T01:30:00 | 03-29T03:30:00",
      "03-29T02:00:00 | 03-29T04:00:00",
    ]);
    const autumn = slots({ rule: every(30), zone: BERLIN, dst }, "2026-10-25T00:10Z", "2026-10-25T02:10Z");
    expect(autumn).toEqual([
      "10-25T00:30:00 | 10-25T02:30:00",
      "10-25T01:00:00 | 10-25T02:00:00 again",
      "10-25T01:30:00 | 10-25T02:30:00 again",
      "10-25T02:00:00 | 10-25T03:00:00",
    ]);
  });

  test("of several hours is a time of the day like any other", () => {
    expect(slots({ rule: every(120), zone: BERLIN }, "2026-10-24T23:00Z", "2026-10-25T04:00Z")).toEqual([
      "10-25T00:00:00 | 10-25T02:00:00",
      "10-25T01:00:00 | 10-25T02:00:00 x1 doubled_hour",
      "10-25T03:00:00 | 10-25T04:00:00",
    ]);
  });

  test("must divide a day", () => {
    const parsed = timedRuleSchema.safeParse(every(7));
    expect(parsed.error?.issues).toMatchObject([
      { path: ["everyMs"], message: expect.stringContaining("divide a day") },
    ]);
    expect(timedRuleSchema.safeParse({ ...every(7), from: "last_end" }).success).toBe(true);
  });
});

describe("times of the day", () => {
  test("run on the days that are named", () => {
    const rule = { kind: "daily", at: ["09:00"], days: ["fri", "mon"] };
    expect(slots({ rule, zone: "Europe/London" }, "2026-11-26T12:00Z", "2026-12-01T12:00Z")).toEqual([
      "11-27T09:00:00 | 11-27T09:00:00",
      "11-30T09:00:00 | 11-30T09:00:00",
    ]);
  });

  test.each([
    ["25:00", false],
    ["24:00", false],
    ["2:30", false],
    ["02:30:59", true],
  ])("%s is one: %s", (at, is) => {
    expect(timedRuleSchema.safeParse({ kind: "daily", at: [at] }).success).toBe(is);
  });
});

describe("exclusions", () => {
  const rule = { kind: "daily", at: ["06:00", "23:00"] };
  const on = (exclusion: unknown, from: string, until: string) =>
    slots({ rule, zone: "UTC", exclusions: [exclusion] }, from, until).filter((one) => !one.includes("excluded"));

  test.each([
    ["a date", { date: "2026-12-25" }, ["12-24T23", "12-26T06"]],
    ["dates", { date: "2026-12-24", until: "2026-12-25" }, ["12-26T06"]],
    ["a day of each year", { yearly: "12-25", note: "Christmas" }, ["12-24T23", "12-26T06"]],
    ["days over the turn of the year", { yearly: "12-25", until: "01-01" }, ["12-24T23"]],
    ["a day of the week", { days: ["fri"] }, ["12-24T23", "12-26T06"]],
    ["a part of a day", { days: ["fri"], from: "05:00", to: "07:00" }, ["12-24T23", "12-25T23", "12-26T06"]],
    ["a night", { days: ["thu"], from: "22:00", to: "06:30" }, ["12-25T23", "12-26T06"]],
    ["hours of some days", { since: "2026-12-24T23:00", until: "2026-12-25T23:00" }, ["12-25T23", "12-26T06"]],
  ])("of %s", (_, exclusion, left) => {
    const runs = on(exclusion, "2026-12-24T12:00Z", "2026-12-26T12:00Z");
    expect(runs.map((one) => one.slice(0, 8))).toEqual(left);
  });

  test.each([
    { date: "2026-02-30" },
    { date: "2026-13-01" },
    { yearly: "02-30" },
    { days: [] },
    { days: ["mon"], from: "10:00" },
    { from: "10:00", to: "11:00" },
    { since: "2026-12-25T10:00", until: "2026-12-25T10:00" },
    { since: "2026-12-25T24:00", until: "2026-12-26T10:00" },
    { since: "2026-02-30T10:00", until: "2026-03-01T10:00" },
    { since: "2026-12-25T10:00" },
    {},
  ])("%j is none", (exclusion) => {
    expect(exclusionSchema.safeParse(exclusion).success).toBe(false);
  });

  test("of a calendar mean what the clocks of its zone show, of a rule that counts from an end as well", () => {
    const zone = openZone("UTC");
    const shared = [{ zone: openZone("Asia/Tokyo"), exclusions: [exclusionSchema.parse({ date: "2026-12-25" })] }];
    const daily: TimedRule = timedRuleSchema.parse(rule);
    const dst = { missing: "next", doubled: "first" } as const;
    const calendar = calendarOf(wallRule(daily, NO_CRON)!, { rule: daily, dst, exclusions: [] }, { zone, shared });
    // In Tokyo it is nine hours later: the 24th at 23:00 lies in its 25th, and the 25th at 23:00 does not.
    const runs = [nextRun(calendar, Date.parse("2026-12-24T22:00Z"))!];
    runs.push(nextRun(calendar, runs[0]!.instant)!);
    expect(runs.map(told)).toEqual(["12-25T23:00:00 | 12-25T23:00:00", "12-26T06:00:00 | 12-26T06:00:00"]);
    const ends = ["2026-12-24T15:00Z", "2026-12-25T14:59Z", "2026-12-25T15:00Z"].map((text) => Date.parse(text));
    const isRun = ends.map((end) => slotOfEnd({ zone, exclusions: [], shared }, end).run !== undefined);
    expect(isRun).toEqual([false, false, true]);
  });

  test("leave no next run where all is excluded, and none is looked for without end", () => {
    const exclusions = [{ days: ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] }];
    expect(nextRun(aCalendar({ rule, zone: "UTC", exclusions }), 0)).toBeUndefined();
  });

  test("29 February is a day of the year", () => {
    expect(exclusionSchema.safeParse({ yearly: "02-29" }).success).toBe(true);
  });
});

describe("the last run of a stretch of time", () => {
  const last = (given: Case, from: string, until: string) => {
    const found = lastRun(aCalendar(given), Date.parse(from), Date.parse(until));
    return found && new Date(found.instant).toISOString();
  };
  const daily = { rule: { kind: "daily", at: ["02:00"] }, zone: "UTC" };

  test("is found, its end included, its begin not", () => {
    expect(last(daily, "2026-01-01T00:00Z", "2026-06-01T01:59Z")).toBe("2026-05-31T02:00:00.000Z");
    expect(last(daily, "2026-01-01T00:00Z", "2026-06-01T02:00Z")).toBe("2026-06-01T02:00:00.000Z");
    expect(last(daily, "2026-06-01T02:00Z", "2026-06-01T12:00Z")).toBeUndefined();
  });

  test("is none that is excluded", () => {
    const exclusions = [{ date: "2026-05-30", until: "2026-06-02" }];
    expect(last({ ...daily, exclusions }, "2026-01-01T00:00Z", "2026-06-01T12:00Z")).toBe("2026-05-29T02:00:00.000Z");
  });
});

test("a preview tells runs, what is passed over between them, and the days on which clocks are set", () => {
  const calendar = aCalendar({ rule: NIGHTLY, zone: BERLIN });
  const shown = previewInstants(calendar, Date.parse("2026-03-28T00:00Z"), 4);
  expect(
    shown.map(({ local, offset, skipped, change }) => [local.slice(5), offset, skipped, change?.to ?? null]),
  ).toEqual([
    ["03-28T02:00:00", "+01:00", null, null],
    ["03-28T02:30:00", "+01:00", null, null],
    ["03-29T02:30:00", "+02:00", "missing_hour", "+02:00"],
    ["03-29T02:00:00", "+02:00", null, "+02:00"],
    ["03-30T02:00:00", "+02:00", null, null],
  ]);
});
