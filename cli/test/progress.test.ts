import { PassThrough } from "node:stream";
import { stripVTControlCharacters } from "node:util";
import { expect, it } from "vitest";
import { barsOf, progressOn } from "../src/progress.ts";
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
