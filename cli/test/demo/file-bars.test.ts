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
const wide = { columns: 120, isOver: false, reasons: new Map<string, string>() };
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
  expect(fileBars([dog, city], created, jobs, wide).map(stripVTControlCharacters)).toEqual([
    "dog.mp4   ████░░░░░░░░░░░░░░░░   21 %  proxy 50 % 2.0× 3.2 s left  cut 25 % timed out, still running",
    "city.jpg  ███████░░░░░░░░░░░░░   33 %",
  ]);
});

it("of a file of which nothing runs, the line says why a job of it waits", () => {
  const dog = file("dog.mp4", "video");
  const reasons = new Map([["1", "It needs 1 unit of transcode, and 1 of 1 are in use."]]);
  const line = (jobs: Parameters<typeof fileBars>[2]) => {
    const created = jobs.map(({ id }) => ({ id, file: dog }));
    return stripVTControlCharacters(fileBars([dog], created, jobs, { ...wide, reasons })[0]!);
  };
  const waiting = aJob({ id: "1", state: "queued", action: "demo.proxy" });
  expect(line([waiting])).toMatch(/0 % {2}proxy: It needs 1 unit of transcode, and 1 of 1 are in use\.$/);
  expect(line([waiting, aJob({ id: "2", action: "demo.cut", ...running(5) })])).toMatch(/cut 5 %$/);
  expect(line([aJob({ id: "1", state: "completed", action: "demo.proxy" })])).not.toContain("unit");
});

it("on a narrow terminal a line says what fits, and is never broken", () => {
  const dog = file("dog.mp4", "video");
  const jobs = ["1", "2"].map((id) =>
    aJob({ id, state: "timed_out", action: "demo.cut", ...running(25, { speed: 2 }) }),
  );
  const created = jobs.map(({ id }) => ({ id, file: dog }));
  const line = (columns: number) => stripVTControlCharacters(fileBars([dog], created, jobs, { ...wide, columns })[0]!);
  expect(line(80)).toBe("dog.mp4  █░░░░░░░░░░░    5 %  cut 25 % 2.0× timed out, still running");
  expect(line(50)).toBe("dog.mp4  █░░░░░░░░░░░    5 %  cut 25 % 2.0× time…");
});

it("a bar does not go back when a job of a file is created after others have completed", () => {
  const dog = file("dog.mp4", "video");
  const all = ["checksum", "probe", "deliver", "cut", "poster", "contact-sheet", "waveform", "proxy", "compare"].map(
    (action, index) => aJob({ id: String(index), state: "completed", action: `demo.${action}` }),
  );
  const percents = all.map((_, index) => {
    const jobs = all.slice(0, index + 1);
    const created = jobs.map(({ id }) => ({ id, file: dog }));
    return Number(/(\d+) %/.exec(fileBars([dog], created, jobs, wide)[0]!)![1]);
  });
  expect(percents.slice(3)).toEqual([44, 55, 66, 77, 88, 100]);
});

it("once all is over, a file whose jobs all completed is whole, however few there were", () => {
  const dog = file("dog.mp4", "video");
  const bars = fileBars([dog], [{ id: "1", file: dog }], [aJob({ id: "1", state: "completed" })], {
    ...wide,
    isOver: true,
  });
  expect(bars[0]).toContain("100 %");
});

it("a name cannot steer the terminal, nor push the bars out of it", () => {
  const [line] = fileBars([file("evil\u001b[2J\n.mp4"), file("x".repeat(300))], [], [], wide);
  expect(line).toContain("evil\\u{1b}[2J\\n.mp4");
  const [long] = fileBars([file("x".repeat(300))], [], [], wide).map(stripVTControlCharacters);
  expect(long!.length).toBeLessThan(60);
});
