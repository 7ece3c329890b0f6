import { describe, expect, test } from "vitest";
import { type CapacityWindow, capacityAt, windowSchema } from "../src/index.ts";

const BASE = 1;
const INSIDE = 9;
const at = (window: Partial<CapacityWindow> & Pick<CapacityWindow, "from" | "to" | "timeZone">, instant: string) =>
  capacityAt(BASE, [windowSchema.parse({ ...window, capacity: INSIDE })], new Date(instant));

describe("a window", () => {
  const day = { from: "09:00", to: "17:30", timeZone: "UTC" } as const;
  test.each([
    ["2026-06-01T08:59:59Z", BASE],
    ["2026-06-01T09:00:00Z", INSIDE],
    ["2026-06-01T17:29:59Z", INSIDE],
    ["2026-06-01T17:30:00Z", BASE],
  ])("holds from its first minute to before its last: %s", (instant, capacity) => {
    expect(at(day, instant)).toBe(capacity);
  });

  test("is read by the clock on the wall of its zone", () => {
    const window = { from: "09:00", to: "10:00", timeZone: "Asia/Kolkata" } as const;
    expect(at(window, "2026-06-01T03:30:00Z")).toBe(INSIDE);
    expect(at(window, "2026-06-01T09:30:00Z")).toBe(BASE);
  });

  const night = { from: "22:00", to: "06:00", timeZone: "UTC", days: ["fri"] } as const;
  test.each([
    ["2026-06-05T21:59:00Z", BASE],
    ["2026-06-05T22:00:00Z", INSIDE],
    ["2026-06-06T00:00:00Z", INSIDE],
    ["2026-06-06T05:59:00Z", INSIDE],
    ["2026-06-06T06:00:00Z", BASE],
    ["2026-06-06T22:00:00Z", BASE],
    ["2026-06-05T00:00:00Z", BASE],
  ])("across midnight belongs to the day on which it begins: %s", (instant, capacity) => {
    expect(at({ ...night, days: [...night.days] }, instant)).toBe(capacity);
  });

  test("that ends when it begins lasts a whole day", () => {
    const window = { from: "12:00", to: "12:00", timeZone: "UTC", days: ["sun"] } satisfies Partial<CapacityWindow>;
    const instants = ["2026-06-07T11:59:00Z", "2026-06-07T12:00:00Z", "2026-06-08T11:59:00Z", "2026-06-08T12:00:00Z"];
    expect(instants.map((instant) => at(window, instant))).toEqual([BASE, INSIDE, INSIDE, BASE]);
  });
});

describe("when clocks change", () => {
  // Berlin: 2026-03-29 01:00Z is 03:00 instead of 02:00; 2026-10-25 01:00Z is 02:00 for the second time.
  const berlin = (from: string, to: string) => ({ from, to, timeZone: "Europe/Berlin" });
  test("a night is an hour shorter in spring and an hour longer in autumn, and ends by the clock on the wall", () => {
    const night = berlin("22:00", "06:00");
    expect(at(night, "2026-03-28T21:00:00Z")).toBe(INSIDE);
    expect(at(night, "2026-03-29T03:59:00Z")).toBe(INSIDE);
    expect(at(night, "2026-03-29T04:00:00Z")).toBe(BASE);
    expect(at(night, "2026-10-24T20:00:00Z")).toBe(INSIDE);
    expect(at(night, "2026-10-25T04:59:00Z")).toBe(INSIDE);
    expect(at(night, "2026-10-25T05:00:00Z")).toBe(BASE);
  });

  test("a window within the hour that is skipped does not come that day", () => {
    const window = berlin("02:15", "02:45");
    for (let minute = 0; minute < 120; minute += 1) {
      const instant = new Date(Date.UTC(2026, 2, 29, 0, minute));
      expect(at(window, instant.toISOString())).toBe(BASE);
    }
    expect(at(window, "2026-03-30T00:30:00Z")).toBe(INSIDE);
  });

  test("a window within the hour that is repeated comes twice", () => {
    const window = berlin("02:15", "02:45");
    const instants = ["00:20", "00:50", "01:20", "01:50"].map((time) => `2026-10-25T${time}:00Z`);
    expect(instants.map((instant) => at(window, instant))).toEqual([INSIDE, BASE, INSIDE, BASE]);
  });

  test("half an hour is enough: Lord Howe", () => {
    const window = { from: "02:00", to: "02:30", timeZone: "Australia/Lord_Howe" } as const;
    // 2026-10-04 02:00 +10:30 becomes 02:30 +11:00.
    expect(at(window, "2026-10-03T15:29:00Z")).toBe(BASE);
    expect(at(window, "2026-10-03T15:30:00Z")).toBe(BASE);
    expect(at(window, "2026-10-04T15:00:00Z")).toBe(INSIDE);
  });
});

test("of several windows the first that holds counts", () => {
  const windows = [
    { from: "12:00", to: "13:00", timeZone: "UTC", capacity: 0 },
    { from: "08:00", to: "20:00", timeZone: "UTC", capacity: 5 },
  ].map((window) => windowSchema.parse(window));
  const instants = ["11:59", "12:30", "13:00", "20:00"].map((time) => new Date(`2026-06-01T${time}:00Z`));
  expect(instants.map((instant) => capacityAt(BASE, windows, instant))).toEqual([5, 0, 5, BASE]);
});

test.each([
  ["from", { from: "24:00" }],
  ["to", { to: "6:00" }],
  ["timeZone", { timeZone: "Europe/Nowhere" }],
  ["days", { days: [] }],
  ["capacity", { capacity: -1 }],
])("%s is refused when it is none", (field, wrong) => {
  const parsed = windowSchema.safeParse({ from: "22:00", to: "06:00", timeZone: "UTC", capacity: 1, ...wrong });
  expect(parsed.error?.issues.map(({ path }) => path[0])).toEqual([field]);
});
