import { stripVTControlCharacters } from "node:util";
import { describe, expect, it } from "vitest";
import { openerFor } from "../../src/demo/open-page.ts";
import { endedAsAnnounced, shortPath, summaryOf } from "../../src/demo/summary.ts";
import { anAttempt, aReport, aReportJob } from "../report/a-report.ts";

const linesOf = (report: Parameters<typeof summaryOf>[0]) =>
  stripVTControlCharacters(summaryOf(report, "/somewhere/report.html")).split("\n");

describe("the summary", () => {
  it("counts what completed, what was amended and what overran, and says where everything is", () => {
    expect(linesOf(aReport())).toEqual([
      "✔ 3 jobs completed · 2.1 s",
      "  1 retried after its configuration was amended · 1 ran on after its time-out",
      "",
      "  Report   /somewhere/report.html",
      "  Proxies  ./demo-out/proxies",
      "",
      "  Every job",
      "    npx callsheet jobs list",
      "",
    ]);
  });

  it("says of each job that did not end as announced how it ended, harmlessly", () => {
    const error = { code: "not_media", message: "It is no film." };
    const failed = aReportJob({
      file: "evil\u001b[2J",
      state: "failed",
      attempts: [anAttempt([0, 1, 2], { state: "failed", error })],
    });
    const lines = linesOf(aReport({ jobs: [aReportJob(), failed] }));
    expect(lines.slice(0, 2)).toEqual([
      "✘ 1 job completed · 1 failed · 2.1 s",
      "  evil\\u{1b}[2J proxy failed: It is no film. (not_media)",
    ]);
  });

  it("tells what waits apart from what failed", () => {
    const waiting = aReportJob({ state: "pending", attempts: [], waitsFor: "No node has ffmpeg." });
    expect(linesOf(aReport({ jobs: [aReportJob(), waiting], notes: ["1 job waits."] })).slice(0, 2)).toEqual([
      "✔ 1 job completed · 1 waiting · 2.1 s",
      "  1 job waits.",
    ]);
    expect(endedAsAnnounced(waiting)).toBe(true);
  });
});

it.each([
  ["/a/b/demo-out", "/a/b", "./demo-out"],
  ["/a/b", "/a/b", "."],
  ["/a/c", "/a/b", "/a/c"],
])("%s is seen from %s as %s", (path, from, short) => {
  expect(shortPath(path, from)).toBe(short);
});

it("a page is opened only where somebody has a desktop", () => {
  expect(openerFor("linux", {})).toBeUndefined();
  expect(openerFor("linux", { WAYLAND_DISPLAY: "wayland-0" })).toBe("xdg-open");
  expect(openerFor("darwin", {})).toBe("open");
  expect(openerFor("darwin", { SSH_CONNECTION: "somewhere" })).toBeUndefined();
});
