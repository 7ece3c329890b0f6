import { chown, copyFile, mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { findFfmpeg } from "@callsheet/actions";
import { Callsheet, SETTLED } from "@callsheet/core";
import { makeTemporaryDirectory, removeTemporary, serverStatus } from "@callsheet/postgres";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findSamples } from "../src/samples.ts";
import { callsheet, callsheetAs, callsheetWith } from "./command.ts";

let own: string;
let hasFfmpeg: boolean;
beforeAll(async () => {
  own = await makeTemporaryDirectory();
  hasFfmpeg = (await findFfmpeg()) !== undefined;
});
afterAll(() => removeTemporary(own));
const dataDir = () => join(own, "data");
const NOBODY = 65_534;
/** Which of the two locks the file first is theirs to settle. */
const LOCK_WAIT =
  /^dog\.mp4 (?:archive|fixity|cut) waits: It waits for file\/dog\.mp4, which job \S+ has locked\. It is next in line\.$/m;
const NO_FFMPEG = { CALLSHEET_FFMPEG: "none" };

describe("the demo", { timeout: 120_000 }, () => {
  it("runs every sample through all its jobs, and leaves pictures, proxies and a report", async (context) => {
    context.skip(!hasFfmpeg, "no ffmpeg");
    const out = join(own, "out");
    const { exitCode, stdout, stderr } = await demo({}, "--out", out);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(stdout).toMatch(/^✔ 35 jobs completed · /m);
    expect(stdout).toMatch(/^ {2}1 retried after its configuration was amended · 1 ran on after its time-out$/m);
    // It is told as timed out while it still runs, and completes.
    expect(stdout.indexOf("cut: timed out\n")).toBeGreaterThan(0);
    expect(stdout.indexOf("cut: completed\n")).toBeGreaterThan(stdout.indexOf("cut: timed out\n"));
    expect(stdout).toContain("dog.mp4 deliver: completed, retried\n");
    expect(stdout).not.toContain("\u001b");
    const full =
      /^(\S+ (?:cut|proxy)) waits: It needs 1 unit of transcode \(site demo-\S+\), and 1 of 1 are in use\.$/gm;
    expect(stdout.match(full)).toHaveLength(2);
    expect(stdout).toMatch(LOCK_WAIT);

    expect(await madeIn(out)).toEqual({
      archive: ["dog.mp4"],
      "contact-sheets": ["dog.jpg", "monitors.jpg"],
      cuts: ["dog.mp4"],
      delivery: ["dog.mp4"],
      posters: ["city.jpg", "dog.jpg", "monitors.jpg"],
      proxies: ["dog.mp4", "glass.mp4", "monitors.mp4", "speech-wav.mp4", "speech.mp4"],
      waveforms: ["dog.png", "glass.png", "speech-wav.png", "speech.png"],
    });
    const original = await readFile(join(findSamples(), "dog.mp4"));
    expect((await readFile(join(out, "delivery", "dog.mp4"))).equals(original)).toBe(true);

    const report = await readFile(join(out, "report.html"), "utf8");
    expect(report.length).toBeLessThan(10_000_000);
    expect(report.match(/src="data:video\/mp4/g)).toHaveLength(2);
    expect(report.match(/src="data:audio\/mp4/g)).toHaveLength(3);
    expect(report).toContain("9b0710a4 36413f75");
    expect(report).toContain("Why jobs waited");
    expect(report).toContain("<code>resource_full</code>");
    expect(report).toContain("<code>waiting_for_lock</code>");
    expect(report).toContain("Too slow, and left to finish");
    expect(await servers()).not.toBe("running");

    // What it says comes next can be copied.
    const [, ...shown] = /npx callsheet (jobs show \S+) (--data-dir) (\S+)$/m.exec(stdout)!;
    const next = await callsheet(...shown.flatMap((part) => part.split(" "))).ended;
    expect(next).toMatchObject({ exitCode: 0, stderr: "" });
    expect(next.stdout).toContain("complete · attempt 2");
  });

  it("runs again in the same place without the jobs of the run before", async (context) => {
    context.skip(!hasFfmpeg, "no ffmpeg");
    const { exitCode, stdout } = await demo({}, "--out", join(own, "out"));
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^✔ 35 jobs completed/m);
  });

  it("without ffmpeg says what waits for it and why, and still ends in a report", async () => {
    const out = join(own, "without");
    const { exitCode, stdout, stderr } = await demo(NO_FFMPEG, "--out", out);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(stdout).toContain("ffmpeg    none");
    expect(stdout).toMatch(
      /^✔ \d+ jobs completed · \d+ waiting · .*\n {2}1 retried after its configuration was amended$/m,
    );
    expect(stdout).toMatch(/^ {2}\d+ jobs wait and will not run here: install ffmpeg and run the demo again\.$/m);
    expect(stdout).toMatch(/^ {2}No live node .* can run media.proxy: none has ffmpeg/m);
    expect(stdout).toMatch(LOCK_WAIT);
    const made = { archive: ["dog.mp4"], delivery: ["dog.mp4"], posters: ["city.jpg"], waveforms: ["speech-wav.png"] };
    expect(await madeIn(out)).toEqual(made);
    expect(await readFile(join(out, "report.html"), "utf8")).toContain("jobs wait and will not run here: install");

    await using cs = await Callsheet.open({ dataDir: dataDir() });
    const left = await cs.jobs.list({ limit: 1000 });
    expect(await cs.resources.list()).toEqual([]);
    const unsettled = left.filter(({ state }) => !SETTLED.some((settled) => settled === state));
    // Those of timed actions stay for ever, and these are stopped.
    expect(unsettled.filter(({ kind, state }) => kind !== "timed" || state !== "created")).toEqual([]);
    expect((await cs.timed.list()).map(({ state }) => state)).not.toContain("started");
  });
});

describe("the demo, over other files", () => {
  it("passes over what is no media, says which jobs failed, and exits with 1; a name cannot steer the terminal", async () => {
    const media = join(own, "media");
    await mkdir(media);
    await copyFile(join(findSamples(), "city.jpg"), join(media, "good.jpg"));
    await writeFile(join(media, "evil\u001b[2J\n<b>.jpg"), "no picture");
    await writeFile(join(media, "notes.txt"), "");
    const before = await Promise.all((await readdir(media)).map((name) => stat(join(media, name))));
    const out = join(own, "other");
    const { exitCode, stdout } = await demo(NO_FFMPEG, "--media", media, "--out", out);
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/^✘ \d+ jobs completed · 1 failed/m);
    expect(stdout).toContain("  evil\\u{1b}[2J\\n<b>.jpg probe failed: ");
    expect(stdout).toContain("  1 other file is no media and was passed over.");
    expect(stdout).not.toContain("\u001b[2J");
    expect(await readFile(join(out, "report.html"), "utf8")).not.toContain("<b>.jpg");
    // The folder is only read.
    const after = await Promise.all((await readdir(media)).map((name) => stat(join(media, name))));
    expect(after.map(({ mtimeMs, size }) => [mtimeMs, size])).toEqual(
      before.map(({ mtimeMs, size }) => [mtimeMs, size]),
    );
  });

  it("refuses a folder without media with what to do", async () => {
    const media = join(own, "empty");
    await mkdir(media);
    const { exitCode, stderr } = await demo({}, "--media", media, "--out", join(own, "nothing"));
    expect(exitCode).toBe(1);
    expect(stderr).toBe(
      `callsheet: There is no media file in ${media}. (no_media)\nName a folder with films, pictures or sound: --media DIR.\n`,
    );
  });
});

describe("the demo, on other terms", { timeout: 120_000 }, () => {
  it("runs as an ordinary user", async (context) => {
    context.skip(process.getuid?.() !== 0, "only root can become another user");
    const home = join(own, "nobody");
    await mkdir(home);
    await chown(home, NOBODY, NOBODY);
    const { exitCode: closed } = await callsheetAs(NOBODY, {}, "--version").ended;
    context.skip(closed !== 0, "this checkout is closed to other users");
    const variables = { ...NO_FFMPEG, HOME: home, XDG_DATA_HOME: join(home, "data") };
    const { exitCode, stderr } = await callsheetAs(NOBODY, variables, "demo", "--out", join(home, "out")).ended;
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  });

  it("ends with 130 when it is interrupted, leaves no server behind and no job that waits", async () => {
    const { child, ended } = callsheet("demo", "--data-dir", dataDir(), "--out", join(own, "cut-short"));
    let isAsked = false;
    child.stdout!.on("data", (text: string) => {
      // Asked a second time, it would leave at once.
      if (isAsked || !text.includes("completed")) return;
      isAsked = true;
      child.kill("SIGINT");
    });
    expect(await ended).toMatchObject({ exitCode: 130, stderr: "Interrupted.\n" });
    expect(await servers()).not.toBe("running");
    await using cs = await Callsheet.open({ dataDir: dataDir() });
    const { pending, queued, running } = await cs.jobs.count();
    expect({ pending, queued, running }).toEqual({ pending: 0, queued: 0, running: 0 });
  });
});

const demo = (variables: NodeJS.ProcessEnv, ...args: readonly string[]) =>
  callsheetWith(variables, "demo", "--data-dir", dataDir(), ...args).ended;

const servers = async () => (await serverStatus(dataDir())).state;

/** The files that were made, by folder. */
async function madeIn(out: string): Promise<Readonly<Record<string, readonly string[]>>> {
  const folders = (await readdir(out, { withFileTypes: true })).filter((entry) => entry.isDirectory());
  const names = await Promise.all(folders.map(async ({ name }) => [name, (await readdir(join(out, name))).sort()]));
  return Object.fromEntries(names);
}
