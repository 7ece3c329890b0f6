import { stripVTControlCharacters } from "node:util";
import { expect, it } from "vitest";
import { fileBars } from "../../src/demo/file-bars.ts";
import type { MediaFile } from "../../src/demo/media-folder.ts";
import { aJob } from "../a-job.ts";

const file = (name: string, kind: MediaFile["kind"] = "image"): MediaFile => ({
  name,
  path: `/m/${name}`,
  kind,
  stem: name,
});
const running = (percent: number, stats: object | null = null) => ({
  progress: { percent, message: null, stats: stats as never, at: new Date(0) },
});

it("a file's bar is as full as its jobs are far, and says what runs, how fast, and what is left", () => {
  const [dog, city] = [file("dog.mp4", "video"), file("city.jpg")];
  const jobs = [
    aJob({ id: "1", state: "completed" }),
    aJob({ id: "2", state: "running", action: "demo.proxy", ...running(50, { speed: 2.04, secondsLeft: 3.2 }) }),
    aJob({ id: "3", state: "timed_out", action: "demo.cut", ...running(25) }),
    aJob({ id: "4", state: "completed" }),
    aJob({ id: "5", state: "queued" }),
    aJob({ id: "6", state: "running", action: "demo.poster" }),
  ];
  const created = jobs.map(({ id }, index) => ({ id, file: index < 3 ? dog : city }));
  expect(fileBars([dog, city], created, jobs).map(stripVTControlCharacters)).toEqual([
    "dog.mp4   █████░░░░░░░░░░░░░░░   25 %  proxy 50 % 2.0× 3.2 s left  cut 25 % timed out, still running",
    "city.jpg  ███████░░░░░░░░░░░░░   33 %",
  ]);
});

it("once all is over, a file whose jobs all completed is whole, however few there were", () => {
  const dog = file("dog.mp4", "video");
  const bars = fileBars([dog], [{ id: "1", file: dog }], [aJob({ id: "1", state: "completed" })], { isOver: true });
  expect(bars[0]).toContain("100 %");
});

it("a name cannot steer the terminal, nor push the bars out of it", () => {
  const [line] = fileBars([file("evil\u001b[2J\n.mp4"), file("x".repeat(300))], [], []);
  expect(line).toContain("evil\\u{1b}[2J\\n.mp4");
  const [long] = fileBars([file("x".repeat(300))], [], []).map(stripVTControlCharacters);
  expect(long!.length).toBeLessThan(60);
});
