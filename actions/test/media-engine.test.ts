import { execFileSync } from "node:child_process";
import { mkdtemp, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { ActionType, Job } from "@callsheet/contract";
import { Callsheet } from "@callsheet/core";
import { openTestDatabase, until } from "@callsheet/core/testing";
import { afterEach, describe, expect, it, vi } from "vitest";
import { mediaActions, mediaCapabilities } from "../src/index.ts";
import { found, theFfmpeg } from "./ffmpeg/found.ts";
import { ownDirectory, SAMPLES, sample } from "./samples.ts";
import { aSmallDisk, type SmallDisk } from "./small-disk.ts";

const own = await ownDirectory();

/** Runs `use` with a node of its own, and an action of the type without retries, cancellable. */
async function onNode(type: ActionType, use: (cs: Callsheet, action: string) => Promise<void>): Promise<void> {
  await using database = await openTestDatabase();
  const cs = await Callsheet.open({ databaseUrl: database.url });
  try {
    const capabilities = await mediaCapabilities({ ffmpeg: theFfmpeg().path });
    await cs.actions.put({ name: "made", type, retry: { limit: 0 }, cancellable: "asks" });
    await cs.work({ name: "here", types: [type], slots: 1, capabilities });
    await use(cs, "made");
  } finally {
    await cs.close();
  }
}

const typesFor = (outputs: string) =>
  mediaActions({ roots: [SAMPLES, own], outputRoots: [outputs], ffmpeg: theFfmpeg().path });

it("readers of a job see how fast it is transcoded and how long that will take", async ({ skip }) => {
  skip(found === undefined, "no ffmpeg");
  const outputs = await mkdtemp(join(own, "outputs-"));
  const film = join(outputs, "long.mov");
  const source = ["-f", "lavfi", "-i", "testsrc2=s=1280x720:r=25:d=30", "-c:v", "mpeg4", "-q:v", "3"];
  execFileSync(theFfmpeg().path, ["-nostdin", "-loglevel", "error", ...source, film]);
  await onNode(typesFor(outputs).mediaProxy, async (cs, action) => {
    const configuration = { path: film, output: join(outputs, "proxy.mp4"), height: 720 };
    const job = await cs.jobs.create(action, { configuration });
    const stats = await until(async () => {
      const told = (await cs.jobs.get(job)).progress?.stats;
      return typeof told?.secondsLeft === "number" ? told : undefined;
    });
    expect(stats.speed).toBeGreaterThan(0);
    expect(stats.outTimeSeconds).toBeLessThan(31);
    await cs.jobs.cancel(job);
    expect((await cs.jobs.wait(job)).state).toBe("cancelled");
  });
  expect(await readdir(outputs)).toEqual(["long.mov"]);
});

describe("on a full disk a transcode fails with disk_full, leaves nothing, and is retried when there is room", () => {
  afterEach(() => vi.unstubAllEnvs());
  const preset = "proxy-prores";

  it.for(["where it works", "where it should appear"])("%s", async (where, { skip }) => {
    skip(found === undefined, "no ffmpeg");
    const disk = await aSmallDisk(join(own, `disk ${where}`), 1);
    skip(disk === undefined, "no right to mount a small file system");
    const outputs = await mkdtemp(join(own, "outputs-"));
    const made = where === "where it works" ? outputs : disk!.path;
    if (made === outputs) vi.stubEnv("TMPDIR", disk!.path);
    await onNode(typesFor(made).mediaTranscode, async (cs, action) => {
      const output = join(made, "dog.mov");
      const job = await cs.jobs.create(action, { configuration: { path: sample("dog.mp4"), output, preset } });
      expect(codeOf(await cs.jobs.wait(job))).toBe("disk_full");
      expect(await readdir(made)).toEqual([]);
      grow(disk!);
      await cs.jobs.retry(job);
      expect(await cs.jobs.wait(job)).toMatchObject({ state: "completed" });
      expect(await readdir(made)).toEqual(["dog.mov"]);
    });
  });

  const grow = (disk: SmallDisk) => disk.grow(256);
  const codeOf = ({ state, error }: Pick<Job, "state" | "error">) => (state === "failed" ? error?.code : state);
});
