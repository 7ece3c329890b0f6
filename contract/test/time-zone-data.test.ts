import { expect, test } from "vitest";
import { differingTimeZones } from "../src/index.ts";

const nodes = (...of: readonly (readonly [name: string, timeZones: string | null])[]) =>
  of.map(([name, timeZones]) => ({ name, timeZones }));

test("versions that differ are told with who has them, the oldest first", () => {
  expect(differingTimeZones(nodes(["b", "2025c"], ["a", "2024a"], ["c", "2025c"]))).toBe(
    "2024a on a; 2025c on b and c",
  );
});

test("the same version, and one that is not known, are no difference", () => {
  expect(differingTimeZones(nodes(["a", "2025c"], ["b", "2025c"], ["old", null]))).toBeUndefined();
  expect(differingTimeZones(nodes(["old", null], ["older", null]))).toBeUndefined();
});

test("of many nodes a few are named", () => {
  const many = Array.from({ length: 7 }, (_, n) => [`n${n}`, "2025c"] as const);
  expect(differingTimeZones(nodes(["a", "2024a"], ...many))).toBe("2024a on a; 2025c on n0, n1, n2, n3, n4 and 2 more");
});
