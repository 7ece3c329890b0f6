import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, readlink, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { until } from "@callsheet/core/testing";
import { describe, expect, it } from "vitest";
import { DEFAULT_LIMITS, type MediaLimits } from "../../src/ffmpeg/limits.ts";
import { mediaInput } from "../../src/ffmpeg/media-input.ts";
import type { FfmpegProgress } from "../../src/ffmpeg/progress.ts";
import { commandArguments, type FfmpegRun, runFfmpeg } from "../../src/ffmpeg/run-ffmpeg.ts";
import { runProgram } from "../../src/ffmpeg/run-program.ts";
import { withFile } from "../../src/source-file.ts";
import { ownDirectory, SAMPLES, sample } from "../samples.ts";
import { found, theFfmpeg } from "./found.ts";

const own = await ownDirectory();
const workspace = () => mkdtemp(join(own, "workspace-"));
const never = new AbortController().signal;
const isLinux = process.platform === "linux";

type Asked = Partial<FfmpegRun> & { readonly before?: readonly string[] };

/** Runs ffmpeg on a sample. */
function run(name: string, { before = [], ...asked }: Asked & Pick<FfmpegRun, "arguments" | "cwd">) {
  return withFile(
    sample(name),
    () => [SAMPLES],
    async (file) => {
      const inputs = [{ input: await mediaInput(file), options: before }];
      return runFfmpeg({ ffmpeg: theFfmpeg(), inputs, signal: never, ...asked });
    },
  );
}

const ENDLESS = ["-re", "-stream_loop", "-1"];
const COPY = ["-c", "copy", "-f", "wav", "file:made.wav"];

/** Whether a program still works in a directory. */
async function worksIn(directory: string): Promise<boolean> {
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => "");
    if (cwd === directory) return true;
  }
  return false;
}

describe("a run of ffmpeg", () => {
  it("makes a file, and tells how far it is", async ({ skip }) => {
    skip(found === undefined, "no ffmpeg");
    const cwd = await workspace();
    const told: FfmpegProgress[] = [];
    const made = ["-t", "2", "-vf", "scale=160:120", "-c:v", "mpeg2video", "file:made.mpg"];
    const taken = await run("monitors.webm", {
      arguments: made,
      cwd,
      durationSeconds: 2,
      onProgress: (one) => told.push(one),
    });
    expect(taken.seconds).toBeGreaterThan(0);
    expect(taken.speed).toBeGreaterThan(0);
    expect((await stat(join(cwd, "made.mpg"))).size).toBeGreaterThan(1_000);
    expect(told.at(-1)!.percent).toBe(100);
    expect(told.at(-1)!.stats).toMatchObject({ speed: expect.any(Number), outTimeSeconds: expect.any(Number) });
  });

  it("fails with a code when ffmpeg does", async ({ skip }) => {
    skip(found === undefined, "no ffmpeg");
    const failed = run("speech.wav", { arguments: ["-map", "0:v:0", "file:made.mpg"], cwd: await workspace() });
    await expect(failed).rejects.toMatchObject({ code: "media_unsupported" });
  });

  it("is killed by an abort, with the reason of the signal", async ({ skip }) => {
    skip(found === undefined || !isLinux, "no ffmpeg, or no /proc");
    const cwd = await workspace();
    const stop = new AbortController();
    const onProgress = () => stop.abort(new Error("asked to stop"));
    const stopped = run("speech.wav", { before: ENDLESS, arguments: COPY, cwd, signal: stop.signal, onProgress });
    await expect(stopped).rejects.toThrow("asked to stop");
    await until(async () => !(await worksIn(cwd)), { what: "The end of ffmpeg" });
  });

  it("does not begin when it was aborted before", async ({ skip }) => {
    skip(found === undefined, "no ffmpeg");
    const cwd = await workspace();
    const late = run("speech.wav", { arguments: COPY, cwd, signal: AbortSignal.abort(new Error("too late")) });
    await expect(late).rejects.toThrow("too late");
    expect(await readdir(cwd)).toEqual([]);
  });

  it("ends with the process that began it, also when that one is killed", async ({ skip }) => {
    skip(found === undefined || !isLinux, "no ffmpeg, or no /proc");
    const cwd = await workspace();
    const program = fileURLToPath(new URL("../fixtures/endless-ffmpeg.mjs", import.meta.url));
    const parent = spawn(process.execPath, [program, sample("speech.wav"), SAMPLES, cwd], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(parent.stdout, "data");
    expect(await worksIn(cwd)).toBe(true);
    parent.kill("SIGKILL");
    await until(async () => !(await worksIn(cwd)), { what: "The end of ffmpeg" });
  });
});

describe.runIf(found !== undefined && isLinux)("limits", () => {
  const limited = async (name: string, limits: Partial<MediaLimits>, asked: Asked = {}) =>
    run(name, { arguments: COPY, cwd: await workspace(), limits: { ...DEFAULT_LIMITS, ...limits }, ...asked });

  it.each<[string, Partial<MediaLimits>, string, Asked]>([
    ["of what is made", { outputBytes: 50_000 }, "speech.wav", {}],
    ["of pixels", { pixels: 100_000 }, "city.jpg", { arguments: ["file:made.png"] }],
    ["of memory", { memoryBytes: 64 * 1024 ** 2 }, "speech.wav", {}],
    ["of one allocation", { allocationBytes: 3_000_000 }, "city.jpg", { arguments: ["file:made.png"] }],
    [
      "of processor time",
      { cpuSeconds: 1 },
      "monitors.webm",
      { before: ["-stream_loop", "-1"], arguments: ["-f", "null", "-"] },
    ],
    ["of time that has no end", { durationSeconds: 30 }, "speech.wav", { before: ["-stream_loop", "-1"] }],
  ])("%s end a run with media_too_large", async (_, limits, name, asked) => {
    await expect(limited(name, limits, asked)).rejects.toMatchObject({ code: "media_too_large" });
  });
});

describe("a program that is run", () => {
  const lines: string[] = [];
  const program = (file: string, given: readonly string[], cwd: string) =>
    runProgram({
      ...{ command: { file, arguments: given }, cwd, signal: never, limits: DEFAULT_LIMITS, descriptors: [] },
      onLine: (line) => lines.push(line),
    });

  it("gets none of the node's variables but those that it needs to start", async () => {
    process.env.CALLSHEET_TEST_SECRET = "canary";
    lines.length = 0;
    await program("/usr/bin/env", [], own);
    delete process.env.CALLSHEET_TEST_SECRET;
    expect(lines).toContain("LC_ALL=C");
    expect(lines.join("\n")).not.toMatch(/canary|DATABASE|PATH=\/(?!.*LIBRARY)/);
  });

  it("says why it could not be started", async () => {
    const ending = await program(join(own, "no-such-program"), [], own);
    expect(ending.exitCode).not.toBe(0);
    expect(ending.complaints).toContain("no-such-program");
  });

  it("keeps of what it complains about only the end", async () => {
    const ending = await program(process.execPath, ["-e", 'console.error("x".repeat(1e6) + "end")'], own);
    expect(ending.complaints.length).toBeLessThan(20_000);
    expect(ending.complaints).toMatch(/end\n$/);
  });
});

it("all that ffmpeg is started with is fixed but for what the caller asks", async ({ skip }) => {
  skip(!isLinux, "files are named by descriptors on Linux");
  await withFile(
    sample("dog.mp4"),
    () => [SAMPLES],
    async (file) => {
      const input = await mediaInput(file);
      const limits = { ...DEFAULT_LIMITS, threads: 2, pixels: 1_000, streams: 9, allocationBytes: 77 };
      const inputs = [{ input, options: ["-ss", "1"] }, { input }];
      const ffmpeg = {
        path: "/f",
        version: "1",
        source: "path",
        encoders: new Set<string>(),
        filters: new Set<string>(),
      } as const;
      const whole = commandArguments({
        ffmpeg,
        inputs,
        arguments: ["-an", "file:a.mp4"],
        cwd: own,
        signal: never,
        limits,
      });
      expect(whole.join(" ")).toBe(
        [
          "-nostdin -hide_banner -nostats -loglevel error -y -progress pipe:1",
          "-max_alloc 77 -filter_threads 2 -filter_complex_threads 2",
          "-ss 1 -protocol_whitelist file,pipe -format_whitelist mov -enable_drefs 0 -use_absolute_path 0",
          "-max_streams 9 -max_pixels 1000 -threads 2 -f mov -i file:/proc/self/fd/3",
          "-protocol_whitelist file,pipe -format_whitelist mov -enable_drefs 0 -use_absolute_path 0",
          "-max_streams 9 -max_pixels 1000 -threads 2 -f mov -i file:/proc/self/fd/4",
          "-threads 2 -an file:a.mp4",
        ].join(" "),
      );
    },
  );
});

it("the file that was checked is the file that is read, whatever stands at its path meanwhile", async ({ skip }) => {
  skip(found === undefined || !isLinux, "no ffmpeg, or no /proc");
  const { copyFile, rename } = await import("node:fs/promises");
  const path = join(own, "exchanged.wav");
  await copyFile(sample("speech.wav"), path);
  const cwd = await workspace();
  await withFile(
    path,
    () => [own],
    async (file) => {
      const input = await mediaInput(file);
      await copyFile(sample("NOTICE"), join(own, "other"));
      await rename(join(own, "other"), path);
      await runFfmpeg({ ffmpeg: theFfmpeg(), inputs: [{ input }], arguments: COPY, cwd, signal: never });
    },
  );
  expect((await readFile(join(cwd, "made.wav"))).subarray(0, 4).toString()).toBe("RIFF");
});
