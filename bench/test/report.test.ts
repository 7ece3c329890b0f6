import { describe, expect, it } from "vitest";
import { markdownTable, readable, textTable } from "../measure/table.mjs";
import { mergeReports } from "../report/merge.mjs";
import { pageOf, refusalOf } from "../report/publish.mjs";
import { summarise } from "../report/summary.mjs";

const run = (system: string, round: number, rate: number, more: object = {}) => ({
  scenario: "drain-10k",
  system,
  variant: "",
  round,
  figures: { rate },
  cost: { serverCpuUs: 20, nodeCpuUs: 5, walBytes: 540 },
  counts: { attempted: 10, finished: 10, lost: 0, doubled: 0 },
  contended: false,
  void: false,
  ...more,
});

const report = (...results: ReturnType<typeof run>[]) => ({
  quick: false,
  rounds: 3,
  limitMs: 30_000,
  skipped: [{ name: "rabbit", reason: "no burrow" }],
  date: "2026-01-02T03:04:05.000Z",
  commit: "abc1234",
  machine: { cpu: "Abacus", cores: 2, memoryGb: 24, kernel: "6.1", durableWriteUs: { medianUs: 200 } },
  node: "v24.0.0",
  servers: [{ label: "PostgreSQL 15", settings: { fsync: "on" } }],
  systems: [
    { name: "callsheet", version: "1", store: "postgres", settings: {} },
    { name: "elephant", version: "2", store: "postgres", settings: { drain: { size: 2000 } } },
  ],
  scenarios: { "drain-10k": "drain of 10,000 jobs" },
  results,
});

describe("reports measured apart", () => {
  const large = {
    ...report({ ...run("callsheet", 1, 50), scenario: "drain-1m" }),
    rounds: 1,
    scenarios: { "drain-1m": "drain of 1,000,000 jobs" },
    skipped: [{ name: "rabbit", reason: "no burrow" }],
  };

  it("become one page, which says how many rounds there were", () => {
    const merged = mergeReports([report(run("callsheet", 1, 90), run("elephant", 1, 30)), large]);
    const page = pageOf(merged, undefined);
    expect(page).toContain("1 to 3 rounds");
    expect(page).toContain("### drain-10k");
    expect(page).toContain("### drain-1m");
    expect(page.match(/no burrow/g)).toHaveLength(1);
  });

  it("are refused when they are of different commits, or measure the same twice", () => {
    expect(() => mergeReports([report(), { ...large, commit: "def5678" }])).toThrow("differ in their commit");
    expect(() => mergeReports([report(), report()])).toThrow("drain-10k stands in more than one report");
  });
});

describe("tables", () => {
  it("sets the first column to the left and the others to the right", () => {
    expect(
      textTable(
        ["name", "n"],
        [
          ["a", 1234],
          ["long name", 5],
        ],
      ),
    ).toBe(["name          n", "---------  ----", "a          1234", "long name     5"].join("\n"));
  });

  it("escapes bars in Markdown cells", () => {
    expect(markdownTable(["a", "b"], [["x|y", 1]])).toBe("| a | b |\n|---|---:|\n| x\\|y | 1 |");
  });

  it("writes numbers as people read them", () => {
    expect([12_345.6, 123.4, 12.34, 1.234, 0, Number.NaN, undefined].map(readable)).toEqual([
      "12,346",
      "123",
      "12.3",
      "1.23",
      "0.00",
      "-",
      "-",
    ]);
  });
});

describe("a summary", () => {
  it("gives medians and ranges over the rounds, marks contended rows and leaves out empty columns", () => {
    const [table] = summarise(
      report(run("elephant", 1, 300), run("elephant", 2, 100, { contended: true }), run("elephant", 3, 200)),
    );
    expect(table.head).toEqual(["system", "jobs/s", "server us/job", "node us/job", "WAL B/job", "lost", "doubled"]);
    expect(table.rows).toEqual([["elephant *", "200 (100-300)", "20.0", "5.00", "540", "0", "0"]]);
  });

  it("counts a void run's lost jobs and nothing else of it", () => {
    const lossy = { counts: { attempted: 10, finished: 10, lost: 3, doubled: 0 }, void: true };
    const [table] = summarise(report(run("elephant", 1, 100), run("elephant", 2, 900, lossy)));
    expect(table.rows[0].slice(0, 2)).toEqual(["elephant", "100"]);
    expect(table.rows[0].slice(-2)).toEqual(["3", "0"]);
  });
});

describe("publishing", () => {
  it("refuses quick runs, empty reports and lost jobs, even by force", () => {
    expect(refusalOf({ ...report(run("elephant", 1, 1)), quick: true }, "mark")).toContain("quick");
    expect(refusalOf(report(), "mark")).toContain("no results");
    expect(refusalOf(report(run("elephant", 1, 1, { void: true })), "mark")).toContain("lost");
  });

  it("refuses a contended run unless it may be marked", () => {
    const contended = report(run("elephant", 1, 1, { contended: true }), run("elephant", 2, 1));
    expect(refusalOf(contended, "refuse")).toContain("1 of 2 runs");
    expect(refusalOf(contended, "mark")).toBeUndefined();
    expect(pageOf(contended, undefined)).toContain("runs marked `*`");
  });

  it("names the machine, the versions, the settings, what was skipped and the search", () => {
    const sweep = {
      date: "2026-01-01T00:00:00.000Z",
      jobs: 100_000,
      rounds: 3,
      results: [{ system: "elephant", part: "drain", settings: { size: 500 }, figure: "rate", median: 1234 }],
    };
    const page = pageOf(report(run("callsheet", 1, 300), run("elephant", 1, 100)), sweep);
    expect(page).toContain("2026-01-02 at commit abc1234: 2 x Abacus");
    expect(page).toContain('| elephant 2 | `{"drain":{"size":2000}}` |');
    expect(page).toContain("Not measured: rabbit (no burrow).");
    expect(page).toContain('| elephant | drain | `{"size":500}` | 1,234 jobs/s |');
    expect(page).toContain("| drain 10k, 1 process | elephant | >= 1.5 | 3.00 | 3.00 - 3.00 | yes |");
    expect(page).not.toContain("marked `*`");
  });
});
