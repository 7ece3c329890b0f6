import type { PreviewedInstant } from "@callsheet/contract";
import { expect, it } from "vitest";
import { shortened } from "../src/timed/shortened.ts";

const at = (hour: number, skipped: PreviewedInstant["skipped"]): PreviewedInstant => ({
  ...{ instant: new Date(Date.UTC(2026, 11, 24, hour)), local: `2026-12-24T${String(hour).padStart(2, "0")}:00:00` },
  ...{ fold: 0, offset: "+00:00", skipped, count: 1, change: null },
});
const excluded = (from: number, count: number) => Array.from({ length: count }, (_, n) => at(from + n, "excluded"));

it("a long row of excluded instants is one line of a preview, and whatever runs has its own", () => {
  const rows = [
    ...excluded(0, 5),
    at(5, null),
    ...excluded(6, 4),
    at(10, "missing_hour"),
    ...excluded(11, 9),
    at(20, null),
  ];
  expect(shortened(rows).map(({ local, count, skipped }) => [local.slice(11, 13), count, skipped])).toEqual([
    ["00", 5, "excluded"],
    ["05", 1, null],
    ...["06", "07", "08", "09"].map((hour) => [hour, 1, "excluded"]),
    ["10", 1, "missing_hour"],
    ["11", 9, "excluded"],
    ["20", 1, null],
  ]);
});
