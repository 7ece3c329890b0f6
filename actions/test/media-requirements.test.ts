import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { ActionType } from "@callsheet/contract";
import { Callsheet } from "@callsheet/core";
import { openTestDatabase } from "@callsheet/core/testing";
import { describe, expect, it } from "vitest";
import { findFfmpeg } from "../src/ffmpeg/find-ffmpeg.ts";
import { mediaActions, mediaCapabilities } from "../src/index.ts";
import { ownDirectory, SAMPLES, sample } from "./samples.ts";

const own = await ownDirectory();
const types = mediaActions({ roots: [SAMPLES], outputRoots: [own], ffmpeg: "none" });
const needs = (type: ActionType, configuration: object) => type.requires?.(type.configuration.parse(configuration));

describe("what a job needs follows from the ending of its file's name", () => {
  const given: readonly (readonly [keyof typeof types, object, readonly string[]])[] = [
    ["mediaPoster", { path: "/a/film.MP4" }, ["ffmpeg"]],
    ["mediaPoster", { path: "/a/picture.tiff" }, ["sharp"]],
    ["mediaPoster", { path: "/a/song.mp3" }, ["sharp"]],
    ["mediaPoster", { path: "/a/unnamed", at: 3 }, ["ffmpeg"]],
    ["mediaPoster", { path: "/a/mp4" }, []],
    ["mediaPoster", {}, []],
    ["mediaWaveform", { path: "/a/song.flac" }, ["ffmpeg"]],
    ["mediaWaveform", { path: "/a/film.mov" }, ["ffmpeg"]],
    ["mediaWaveform", { path: "/a/speech.wav" }, []],
    ["mediaProbe", { path: "/a/film.mxf" }, ["ffprobe"]],
    ["mediaProbe", { path: "/a/film.mp4" }, []],
    ["mediaProbe", {}, []],
  ];
  it.each(given)("%s of %j: %j", (name, configuration, expected) => {
    const more = name === "mediaProbe" ? {} : { output: "/o" };
    expect(needs(types[name], { ...more, ...configuration })).toEqual(expected);
  });
});

it("ffprobe is announced where it stands beside the ffmpeg", async ({ skip }) => {
  const ffmpeg = await findFfmpeg();
  skip(ffmpeg?.ffprobe === undefined, "no ffprobe");
  expect(await mediaCapabilities()).toContain("ffprobe");
});

it("without ffmpeg a film's poster waits and says for what, and what needs none is done", async () => {
  await mkdir(join(own, "made"));
  await using database = await openTestDatabase();
  const cs = await Callsheet.open({ databaseUrl: database.url });
  try {
    const { mediaPoster, mediaWaveform } = types;
    const poster = await cs.actions.put({ name: "poster", type: mediaPoster });
    const waveform = await cs.actions.put({ name: "waveform", type: mediaWaveform });
    const capabilities = await mediaCapabilities({ ffmpeg: "none" });
    await cs.work({ name: "small", types: [mediaPoster, mediaWaveform], capabilities });
    const of = (path: string, output: string) => ({ configuration: { path, output: join(own, "made", output) } });
    const waiting = await cs.jobs.create(poster, of(sample("dog.mp4"), "dog.jpg"));
    const loud = await cs.jobs.create(waveform, of(sample("speech.mp3"), "mp3.png"));
    const plain = await cs.jobs.create(waveform, of(sample("speech.wav"), "wav.png"));
    expect(await cs.jobs.wait(plain)).toMatchObject({ state: "completed" });
    for (const { id } of [waiting, loud]) {
      const why = await cs.jobs.explain(id);
      expect(why.reason).toBe("no_capable_node");
      expect(why.sentence).toContain("ffmpeg");
      expect((await cs.jobs.get(id)).attempt).toBe(0);
    }
  } finally {
    await cs.close();
  }
});
