import { describe, expect, it } from "vitest";
import { assign, parseAssignment } from "../src/assignment.ts";
import { wantsColours } from "../src/colours.ts";
import { targetOption } from "../src/option.ts";
import { parseDuration, parseMoment } from "../src/parse-time.ts";

describe("durations", () => {
  it.each([
    ["90s", 90_000],
    ["10m", 600_000],
    ["1h30m", 5_400_000],
    ["500ms", 500],
    ["1.5s", 1_500],
    ["2d", 172_800_000],
    ["0s", 0],
  ])("%s is %d ms", (text, milliseconds) => expect(parseDuration(text)).toBe(milliseconds));

  it.each(["", "10", "m", "-5m", "1h 30m", "1e3s", "10x", `${"9".repeat(30)}d`])("%j is none", (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });
});

describe("moments", () => {
  const now = new Date(2026, 10, 28, 12, 0, 0);
  it.each([
    ["now", now],
    ["+10m", new Date(2026, 10, 28, 12, 10)],
    ["18:30", new Date(2026, 10, 28, 18, 30)],
    ["12:00", new Date(2026, 10, 29, 12, 0)],
    ["09:15:30", new Date(2026, 10, 29, 9, 15, 30)],
    ["2026-12-24T18:30", new Date(2026, 11, 24, 18, 30)],
    ["2026-12-24 18:30", new Date(2026, 11, 24, 18, 30)],
    ["2026-12-24T18:30:00.5Z", new Date(Date.UTC(2026, 11, 24, 18, 30, 0, 500))],
    ["2026-12-24T18:30+02:00", new Date(Date.UTC(2026, 11, 24, 16, 30))],
  ])("%s is read", (text, moment) => expect(parseMoment(text, now)).toEqual(moment));

  it.each(["", "soon", "25:00", "12:60", "2026-02-30T10:00", "2026-13-01T10:00", "2026-12-24", "+5", "+-5m"])(
    "%j is none",
    (text) => expect(parseMoment(text, now)).toBeUndefined(),
  );
});

describe("assignments", () => {
  const read = (...texts: readonly string[]) => texts.map((text) => parseAssignment(text)!);

  it("what is JSON is taken as such, anything else is a text", () => {
    const texts = ["n=20", "t=dog", 't2="20"', "b=true", "l=[1]", "o={}", "e=", "q=a=b", "z=null"];
    expect(assign({}, read(...texts))).toEqual({
      ...{ n: 20, t: "dog", t2: "20", b: true },
      ...{ l: [1], o: {}, e: "", q: "a=b", z: null },
    });
  });

  it("a dot reaches inside, and leaves what is beside it", () => {
    expect(assign({ a: { b: 1, c: 2 }, d: 3 }, read("a.b=5", "d.e=6"))).toEqual({ a: { b: 5, c: 2 }, d: { e: 6 } });
    expect(assign({ a: { b: 1, c: 2 } }, [{ path: ["a", "b"], value: undefined }])).toEqual({ a: { c: 2 } });
  });

  it.each(["", "x", "=1", "a.=1", ".a=1", "__proto__=1", "a.__proto__=1"])("%j is none", (text) => {
    expect(parseAssignment(text)).toBeUndefined();
  });
});

it("a target's id may hold colons, its type may not", () => {
  expect(targetOption("asset:A:17")).toEqual({ type: "asset", id: "A:17" });
  for (const text of ["asset", ":A", "asset:"]) expect(() => targetOption(text)).toThrow("a type and an id");
});

it.each([
  [{}, [], true, true],
  [{}, [], false, false],
  [{ TERM: "dumb" }, [], true, false],
  [{ NO_COLOR: "1", FORCE_COLOR: "1" }, [], true, false],
  [{ NO_COLOR: "" }, [], true, true],
  [{ FORCE_COLOR: "1" }, [], false, true],
  [{ FORCE_COLOR: "0" }, [], true, false],
  [{ FORCE_COLOR: "1" }, ["--no-color"], true, false],
  [{ CI: "true" }, [], false, false],
])("colours with %j, %j and a terminal (%s): %s", (variables, argv, isTTY, wanted) => {
  expect(wantsColours({ variables, argv, isTTY })).toBe(wanted);
});
