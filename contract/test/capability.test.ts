import { describe, expect, it } from "vitest";
import { canMeet, capabilitiesSchema, missingCapabilities, requirementsSchema } from "../src/model/capability.ts";

describe("names of capabilities", () => {
  it("are kept in lower case, once each, in order", () => {
    expect(requirementsSchema.parse([" GPU", "ffmpeg.Encoder.libx265", "gpu"])).toEqual([
      "ffmpeg.encoder.libx265",
      "gpu",
    ]);
  });

  it("are bounded: 100 of a job, 10,000 of a node, 100 characters each", () => {
    const names = (count: number) => Array.from({ length: count }, (_, n) => `name-${n}`);
    expect(requirementsSchema.safeParse(names(100)).success).toBe(true);
    expect(requirementsSchema.safeParse(names(101)).success).toBe(false);
    expect(capabilitiesSchema.safeParse(names(10_000)).success).toBe(true);
    expect(capabilitiesSchema.safeParse(names(10_001)).success).toBe(false);
    expect(capabilitiesSchema.safeParse(["x".repeat(100)]).success).toBe(true);
    expect(capabilitiesSchema.safeParse(["x".repeat(101)]).success).toBe(false);
  });
});

describe("a node", () => {
  it.each([
    [{}, [], true],
    [{}, ["a"], true],
    [{ capabilities: [] }, [], true],
    [{ capabilities: ["a"] }, ["a", "b"], true],
    [{ capabilities: ["a", "c"] }, ["a", "b"], false],
    [{ capabilities: ["a"], units: { gpu: 3 }, locks: true as const }, ["a"], true],
    [{ capabilities: ["a"], quotas: 3 } as object, ["a"], false],
  ])("meets %j with %j: %s", (needs, capabilities, answer) => {
    expect(canMeet(needs, { code: { version: 1 }, capabilities: new Set(capabilities) })).toBe(answer);
  });

  it.each([
    [{}, { version: 1 }, true],
    [{}, { version: 3 }, true],
    [{}, { version: 3, readsFrom: 2 }, false],
    [{ version: 2 }, { version: 1 }, false],
    [{ version: 2 }, { version: 2, readsFrom: 2 }, true],
    [{ version: 2 }, { version: 3 }, true],
    [{ version: 2 }, { version: 4, readsFrom: 3 }, false],
    [{}, undefined, false],
  ])("meets %j with code %j: %s", (needs, code, answer) => {
    expect(canMeet(needs, { code, capabilities: new Set() })).toBe(answer);
  });

  it("lacks what is needed and not there", () => {
    expect(missingCapabilities({ capabilities: ["a", "b", "c"] }, new Set(["b"]))).toEqual(["a", "c"]);
  });
});
