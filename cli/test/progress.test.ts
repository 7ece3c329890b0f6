import { PassThrough } from "node:stream";
import { stripVTControlCharacters } from "node:util";
import { expect, it } from "vitest";
import { barsOf, progressOn, screenOf } from "../src/progress.ts";
import { aJob } from "./a-job.ts";

const at = (percent: number) => ({ percent, message: null, stats: null, at: new Date(0) });

/** A stream that keeps what is written to it. */
function screen(facts: { readonly isTTY: boolean }) {
  const stream = Object.assign(new PassThrough(), { columns: 100, rows: 40, ...facts });
  return { stream: stream as unknown as NodeJS.WriteStream, text: () => String(stream.read() ?? "") };
}

it("a bar is as full as the job is far, and names are padded to the longest", () => {
  const bars = barsOf([
    aJob({ progress: at(50.9) }),
    aJob({ target: { type: "file", id: "a" }, action: "b", state: "completed", progress: at(30) }),
    aJob({ state: "waiting_for_lock" }),
  ]).map(stripVTControlCharacters);
  expect(bars).toEqual([
    "dog.mp4 checksum  ██████████░░░░░░░░░░   50 %  running",
    "a b               ████████████████████  100 %  completed",
    "dog.mp4 checksum  ░░░░░░░░░░░░░░░░░░░░    0 %  waiting for lock",
  ]);
});

it("a name in a bar cannot steer the terminal", () => {
  const [bar] = barsOf([aJob({ target: { type: "file", id: "a\u001b[2J\nb" } })]);
  expect(bar).toContain("a\\u{1b}[2J\\nb checksum");
});

it("on a terminal the bars are drawn again in their place", () => {
  const { stream, text } = screen({ isTTY: true });
  const display = progressOn(stream);
  display.show([aJob()]);
  display.show([aJob({ state: "completed" })]);
  display.end();
  const written = text();
  expect(written).toContain("100 %");
  expect(written).toContain("\u001b[");
});

it("elsewhere each new state is one line, and waiting to begin is none", () => {
  const { stream, text } = screen({ isTTY: false });
  const display = progressOn(stream);
  const other = { id: "another", target: { type: "file", id: "b\nc" } };
  display.show([aJob({ state: "pending" }), aJob({ ...other, state: "queued" })]);
  display.show([aJob({ progress: at(1) }), aJob(other)]);
  display.show([aJob({ progress: at(99) }), aJob({ ...other, state: "retrying" })]);
  display.show([aJob({ state: "completed" }), aJob({ ...other, state: "failed" })]);
  display.end();
  expect(text()).toBe(
    [
      "dog.mp4 checksum: running",
      "b\\nc checksum: running",
      "b\\nc checksum: retrying",
      "dog.mp4 checksum: completed",
      "b\\nc checksum: failed",
      "",
    ].join("\n"),
  );
});

it("what a handler measures stands behind its state, and what is no number does not", () => {
  const stats = { speed: 2.13, fps: 48.2, bytesPerSecond: 2_500_000, secondsLeft: 9, evil: "\u001b[2J" };
  const told = [stats, { speed: "fast", fps: -1, secondsLeft: null }].map((measured) => {
    const [bar] = barsOf([aJob({ progress: { ...at(50), stats: measured } })]).map(stripVTControlCharacters);
    return bar!.slice(bar!.indexOf("running"));
  });
  expect(told).toEqual(["running · 2.1× · 48 fps · 2.5 MB/s · 9.0 s left", "running"]);
});

it("on a narrow terminal a bar keeps to its line and shows how a path ends", () => {
  const long = aJob({ target: { type: "file", id: `/media/${"reel/".repeat(30)}dog.mp4` }, progress: at(50) });
  const [bar] = barsOf([long], 60).map(stripVTControlCharacters);
  expect(bar!.length).toBeLessThan(60);
  expect(bar).toMatch(/^….*dog\.mp4 checksum {2}█{6}░{6}/);
});

it("more jobs than the screen has lines: those that run, and a sum", () => {
  const jobs = ["completed", "pending", "running", "failed", "pending"].map((state, n) =>
    aJob({ id: String(n), state: state as "running", target: { type: "file", id: `${n}` } }),
  );
  const lines = screenOf(jobs, { columns: 80, rows: 4 }).map(stripVTControlCharacters);
  expect(lines.map((line) => line[0])).toEqual(["2", "3", "5"]);
  expect(lines.at(-1)).toBe("5 jobs: 1 completed · 2 pending · 1 running · 1 failed");
});
