import { describe, expect, test } from "vitest";
import {
  calendarOf,
  decideDue,
  decideEnd,
  type Entry,
  jitterOf,
  LATE_MS,
  nextDue,
  openZone,
  passOver,
  slotAfter,
  slotOfEnd,
  type TimedFacts,
  timedSchema,
  wallRule,
  wallText,
} from "../../src/index.ts";

const NO_CRON = () => {
  throw new Error("No cron line here.");
};
const MINUTELY = { kind: "interval", everyMs: 60_000 } as const;

function aTimed(fields: Readonly<Record<string, unknown>> = {}) {
  const definition = timedSchema.parse({ name: "t", action: "a", rule: MINUTELY, ...fields });
  return {
    definition,
    calendar: calendarOf(wallRule(definition.rule, NO_CRON)!, definition, { zone: openZone(definition.timeZone) }),
  };
}

const at = (time: string) => Date.parse(`2026-06-01T${time}Z`);
const FREE = { blocked: null, queued: 0, isOff: false } as const;
const BUSY = { blocked: "overlap", queued: 0, isOff: false } as const;

const told = ({ first, last, count, kind, reason }: Entry) => {
  const [from, until] = [first, last].map(({ wall }) => wallText(wall).slice(11));
  return `${from}${count === 1 ? "" : `-${until} x${count}`} ${kind}${reason === null ? "" : ` ${reason}`}`;
};

function decided(
  fields: Readonly<Record<string, unknown>>,
  facts: Omit<TimedFacts, "mark" | "now">,
  mark: string,
  now: string,
) {
  const { definition, calendar } = aTimed(fields);
  const decision = decideDue(calendar, definition, { mark: at(mark), now: at(now), ...facts });
  return [...decision.entries.map(told), new Date(decision.mark).toISOString().slice(11, 19)];
}

describe("what is due", () => {
  test("fires when it can, and nothing before its time", () => {
    expect(decided({}, FREE, "12:00:00", "12:01:00")).toEqual(["12:01:00 fired", "12:01:00"]);
    expect(decided({}, FREE, "12:00:00", "12:00:59.999")).toHaveLength(1);
    expect(decided({}, FREE, "12:01:00", "12:01:00")).toEqual(["12:01:00"]);
  });

  test("fires once: the clock that was set back finds everything decided", () => {
    expect(decided({}, FREE, "12:05:00", "12:01:00")).toEqual(["12:05:00"]);
  });

  test("is passed over while the last occurrence is not over, or one of it waits", () => {
    expect(decided({}, BUSY, "12:00:00", "12:01:05")).toEqual(["12:01:00 skipped overlap", "12:01:00"]);
    const queue = { overlap: "queue" };
    expect(decided(queue, BUSY, "12:00:00", "12:01:05")).toEqual(["12:01:00 queued", "12:01:00"]);
    expect(decided(queue, { ...BUSY, queued: 1 }, "12:00:00", "12:01:05")[0]).toBe("12:01:00 skipped overlap");
  });

  test("is passed over while its job waits for somebody, and while all are switched off", () => {
    expect(decided({}, { ...BUSY, blocked: "quarantined" }, "12:00:00", "12:01:05")[0]).toBe(
      "12:01:00 skipped quarantined",
    );
    expect(decided({}, { ...FREE, isOff: true }, "12:00:00", "12:01:05")[0]).toBe("12:01:00 skipped switched_off");
  });

  test("is each decided on where several are, in their order", () => {
    const rule = { kind: "interval", everyMs: 1_000 };
    expect(decided({ rule, overlap: "queue" }, FREE, "12:00:00", "12:00:03")).toEqual([
      "12:00:01 fired",
      "12:00:02 queued",
      "12:00:03 skipped overlap",
      "12:00:03",
    ]);
  });

  test("is decided on in parts where it is very much", () => {
    const rule = { kind: "interval", everyMs: 1_000 };
    const lines = decided({ rule, misfire: { policy: "all" } }, FREE, "12:00:00", "13:00:00");
    expect(lines).toHaveLength(501);
    expect(lines.at(-1)).toBe("12:08:20");
  });
});

describe("what was missed", () => {
  const misfire = (policy: string, withinMs = 3_600_000) => ({ misfire: { policy, withinMs } });

  test("none: is passed over in one entry", () => {
    expect(decided(misfire("none"), FREE, "12:00:00", "12:05:30")).toEqual([
      "12:01:00-12:05:00 x5 skipped misfire",
      "12:05:19",
    ]);
  });

  test("last: the last one is made up for", () => {
    expect(decided(misfire("last"), FREE, "12:00:00", "12:05:30")).toEqual([
      "12:01:00-12:04:00 x4 skipped misfire",
      "12:05:00 fired catch_up",
      "12:05:00",
    ]);
  });

  test("last: but not one that is too old", () => {
    const nightly = { rule: { kind: "daily", at: ["02:00"] }, ...misfire("last", 60_000) };
    expect(decided(nightly, FREE, "01:00:00", "03:00:00")).toEqual(["02:00:00 skipped misfire", "02:59:49"]);
  });

  test("all: each one within the window waits for the one before", () => {
    expect(decided(misfire("all", 150_000), FREE, "12:00:00", "12:05:30")).toEqual([
      "12:01:00-12:03:00 x3 skipped misfire",
      "12:04:00 fired catch_up",
      "12:05:00 queued catch_up",
      "12:05:00",
    ]);
  });

  test("is what nobody has looked at for long, and the rest is on time", () => {
    const time = (ms: number) => new Date(at("12:01:00") + ms).toISOString().slice(11, 23);
    expect(decided(misfire("none"), FREE, "12:00:00", time(LATE_MS))[0]).toBe("12:01:00 fired");
    expect(decided(misfire("none"), FREE, "12:00:00", time(LATE_MS + 1))[0]).toBe("12:01:00 skipped misfire");
  });

  test("for years at every second is decided on at once, and says that nobody counted", () => {
    const { definition, calendar } = aTimed({ rule: { kind: "interval", everyMs: 1_000 } });
    const facts = { mark: Date.parse("2016-06-01T12:00Z"), now: at("12:00:00"), ...FREE };
    const { entries, mark } = decideDue(calendar, definition, facts);
    expect(entries.map(({ count, kind, reason }) => [count, kind, reason])).toEqual([
      [null, "skipped", "misfire"],
      [1, "fired", "catch_up"],
      ...Array.from({ length: 11 }, () => [1, "skipped", "overlap"]),
    ]);
    expect(mark).toBe(facts.now);
  });
});

describe("a rule that counts from the end", () => {
  const rule = { kind: "interval", everyMs: 60_000, from: "last_end" };
  const one = (facts: Omit<TimedFacts, "mark" | "now">, lateMs: number, fields = {}) => {
    const definition = timedSchema.parse({ name: "t", action: "a", rule, ...fields });
    const instant = at("12:01:00");
    const slot = slotOfEnd({ zone: openZone("UTC"), exclusions: definition.exclusions, shared: [] }, instant);
    const { entries } = decideEnd(slot, definition, { mark: instant - 60_000, now: instant + lateMs, ...facts });
    return entries.map(told);
  };

  test("has one instant, to which the policies apply", () => {
    expect(one(FREE, 5)).toEqual(["12:01:00 fired"]);
    expect(one(FREE, 3_600_000)).toEqual(["12:01:00 fired catch_up"]);
    expect(one(FREE, 3_600_000, { misfire: { policy: "none" } })).toEqual(["12:01:00 skipped misfire"]);
    expect(one(FREE, 3_600_000, { misfire: { withinMs: 60_000 } })).toEqual(["12:01:00 skipped misfire"]);
    expect(one({ ...FREE, isOff: true }, 5)).toEqual(["12:01:00 skipped switched_off"]);
    expect(one(FREE, 5, { exclusions: [{ days: ["mon"] }] })).toEqual(["12:01:00 skipped excluded"]);
  });
});

describe("jitter", () => {
  const jitterMs = 30_000;

  test("follows from the name and the time, lies within its bound, and differs", () => {
    const { calendar } = aTimed();
    const drawn = new Set<number>();
    for (let slot = slotAfter(calendar, at("12:00:00"))!; drawn.size < 20; slot = slotAfter(calendar, slot.instant)!) {
      const ms = jitterOf({ name: "t", jitterMs }, slot);
      expect(ms).toBe(jitterOf({ name: "t", jitterMs }, slot));
      expect(ms).toBeGreaterThanOrEqual(0);
      expect(ms).toBeLessThanOrEqual(jitterMs);
      drawn.add(ms);
    }
    const slot = slotAfter(calendar, at("12:00:00"))!;
    expect(jitterOf({ name: "t", jitterMs }, slot)).not.toBe(jitterOf({ name: "u", jitterMs }, slot));
    expect(jitterOf({ name: "t", jitterMs: 0 }, slot)).toBe(0);
  });

  test("puts off what is due, and is no delay that counts as missed", () => {
    const { definition, calendar } = aTimed({ jitterMs, misfire: { policy: "none" } });
    const { instant, dueAt } = nextDue(calendar, definition, at("12:00:00"))!;
    expect(dueAt).toBe(instant + jitterOf(definition, slotAfter(calendar, at("12:00:00"))!));
    const look = (now: number) =>
      decideDue(calendar, definition, { mark: at("12:00:00"), now, ...FREE }).entries.map(told);
    expect(look(dueAt - 1)).toEqual([]);
    expect(look(dueAt + LATE_MS)).toEqual(["12:01:00 fired"]);
  });
});

test("what is passed over is told from its first to its last time, both included", () => {
  const { calendar } = aTimed({ timeZone: "Europe/Berlin" });
  expect(passOver(calendar, at("12:00:00"), at("12:03:00"), "stopped").map(told)).toEqual([
    "14:01:00-14:03:00 x3 skipped stopped",
  ]);
  expect(passOver(calendar, at("12:00:00"), at("12:00:59"), "stopped")).toEqual([]);
});
