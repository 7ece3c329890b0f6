import { chmod, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { capabilitiesOf } from "../../src/ffmpeg/capability.ts";
import { findFfmpeg, namesOf } from "../../src/ffmpeg/find-ffmpeg.ts";
import { ownDirectory } from "../samples.ts";
import { found } from "./found.ts";

const own = await ownDirectory();

describe("the ffmpeg that is used", () => {
  const before = process.env.PATH;
  afterEach(() => {
    process.env.PATH = before;
  });

  it("is the configured one, told with what it was built with", async ({ skip }) => {
    skip(found === undefined, "no ffmpeg");
    const { path } = found!;
    const configured = await findFfmpeg({ configured: path });
    expect(configured).toMatchObject({ path, source: "configured", version: found!.version });
    expect(configured!.encoders).toContain("aac");
    expect(configured!.filters).toContain("scale");
  });

  it("is else the first on PATH, by absolute directories only", async ({ skip }) => {
    skip(found?.source !== "path", "no ffmpeg on PATH");
    process.env.PATH = `.:relative:${own}:${dirname(found!.path)}`;
    expect(await findFfmpeg()).toMatchObject({ path: found!.path, source: "path" });
  });

  it("is else the one of the npm package, and with none of them there is none", async ({ skip }) => {
    process.env.PATH = own;
    const bundled = await findFfmpeg();
    skip(bundled === undefined, "no npm package of ffmpeg");
    expect(bundled).toMatchObject({ source: "bundled" });
    expect(bundled!.ffprobe).toBeUndefined();
    expect(bundled!.encoders).toContain("libx264");
  });

  it("is none when none is wanted, though there may be one", async () => {
    expect(await findFfmpeg({ configured: "none" })).toBeUndefined();
  });

  it("is an error when the configured one cannot be run, is no ffmpeg, or is not named by an absolute path", async () => {
    const other = join(own, "other");
    await writeFile(other, "#!/bin/sh\necho no\n");
    await chmod(other, 0o755);
    for (const configured of [join(own, "missing"), other, "ffmpeg", own]) {
      await expect(findFfmpeg({ configured })).rejects.toMatchObject({ code: "ffmpeg_missing" });
    }
  });
});

it("names are read from the lists that ffmpeg prints", () => {
  const encoders = [
    ...["Encoders:", " V..... = Video", " ------", " V....D libx264              libx264 H.264"],
    ...[" VF...D prores_ks            Apple ProRes", " A..... libmp3lame           MP3", ""],
  ].join("\n");
  expect([...namesOf(encoders)]).toEqual(["libx264", "prores_ks", "libmp3lame"]);
  const filters =
    "Filters:\n  T.. = Timeline support\n ... scale             V->V       Scale\n TSC ssim              VV->V      SSIM\n";
  expect([...namesOf(filters)]).toEqual(["scale", "ssim"]);
});

describe("capabilities", () => {
  const wanted = ["ffmpeg", "ffmpeg.encoder.aac", "ffmpeg.filter.no-such", "ffmpeg.encoder.no-such"] as const;

  it("are those that were asked for and are there", ({ skip }) => {
    skip(found === undefined, "no ffmpeg");
    expect(capabilitiesOf(found, [...wanted, ...wanted])).toEqual(["ffmpeg", "ffmpeg.encoder.aac"]);
  });

  it("are none without ffmpeg", () => expect(capabilitiesOf(undefined, wanted)).toEqual([]));
});
