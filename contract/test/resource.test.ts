import { describe, expect, test } from "vitest";
import { effectiveCapacity, isStale, resourceSchema } from "../src/index.ts";

const now = new Date("2026-06-01T12:00:00Z");
const ago = (ms: number) => new Date(now.getTime() - ms);
const rule = (whenStale: "keep" | "ignore" | "stop") => ({ staleAfterMs: 1_000, whenStale });

describe("the capacity that counts", () => {
  test.each([
    ["keep", 1_000, 3],
    ["keep", 1_001, 3],
    ["ignore", 1_000, 3],
    ["ignore", 1_001, 5],
    ["stop", 1_000, 3],
    ["stop", 1_001, 0],
  ] as const)("by a word of outside, %s, that is %d ms old: %d of 5", (whenStale, age, expected) => {
    const pool = { capacity: 5, external: rule(whenStale), externalTotal: 3, externalAt: ago(age) };
    expect(effectiveCapacity(pool, now)).toBe(expected);
    expect(isStale(pool, now)).toBe(age > 1_000);
  });

  test.each([
    ["keep", 5],
    ["ignore", 5],
    ["stop", 0],
  ] as const)("while nothing was said yet, %s: %d of 5", (whenStale, expected) => {
    const pool = { capacity: 5, external: rule(whenStale), externalTotal: null, externalAt: null };
    expect(effectiveCapacity(pool, now)).toBe(expected);
  });

  test("is never more than is declared, and what nobody may say is not heard", () => {
    expect(effectiveCapacity({ capacity: 5, external: rule("keep"), externalTotal: 8, externalAt: now }, now)).toBe(5);
    expect(effectiveCapacity({ capacity: 5, external: null, externalTotal: 1, externalAt: now }, now)).toBe(5);
  });
});

describe("a resource", () => {
  test("needs a capacity, and has defaults for all else", () => {
    expect(resourceSchema.parse({ capacity: 2, tags: ["b", "a", "b"], external: {} })).toEqual({
      ...{ capacity: 2, description: "", tags: ["a", "b"], windows: [] },
      external: { staleAfterMs: 60_000, whenStale: "keep" },
    });
  });

  test.each([
    [{ capacity: 1.5 }, "capacity"],
    [{ capacity: -1 }, "capacity"],
    [{ capacity: 1, tags: ["#gpu"] }, "tags"],
    [{ capacity: 1, site: "a", node: "b" }, "node"],
    [{ capacity: 1, external: { whenStale: "perhaps" } }, "external"],
    [{ capacity: 1, unitz: 1 }, undefined],
  ])("such as %j is refused", (input, field) => {
    expect(resourceSchema.safeParse(input).error?.issues[0]?.path[0]).toBe(field);
  });
});
