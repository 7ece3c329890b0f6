import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { inflateSync } from "node:zlib";
import { capabilitiesSchema } from "@callsheet/contract";
import sharp, { type Sharp } from "sharp";
import { describe, expect, it } from "vitest";
import { findFfmpeg } from "../src/ffmpeg/find-ffmpeg.ts";
import {
  contactSheetConfiguration,
  mediaActions,
  mediaCapabilities,
  posterConfiguration,
  waveformConfiguration,
} from "../src/index.ts";
import { worthOf } from "../src/picture/best-frame.ts";
import { clockTime, drawClock } from "../src/picture/clock-digits.ts";
import { layOut } from "../src/picture/sheet.ts";
import { ownDirectory, SAMPLES, sample } from "./samples.ts";
import { resultOf, testContext } from "./test-context.ts";

const own = await ownDirectory();
const made = join(own, "made");
await mkdir(made);
const types = mediaActions({ roots: [SAMPLES, own], outputRoots: [made] });
const hasFfmpeg = (await findFfmpeg()) !== undefined;
const refused = (code: string) => expect.objectContaining({ code });
const workspace = () => mkdtemp(join(own, "workspace-"));

async function poster(path: string, more: { at?: number | "best"; width?: number } = {}, name = "poster.jpg") {
  const configuration = posterConfiguration.parse({ path, output: join(made, name), ...more });
  return resultOf(types.mediaPoster, testContext(configuration, { workspace: await workspace() }));
}
async function sheet(path: string, more: { columns?: number; rows?: number; width?: number } = {}) {
  const configuration = contactSheetConfiguration.parse({ path, output: join(made, "sheet.jpg"), ...more });
  const context = testContext(configuration, { workspace: await workspace() });
  return { ...(await resultOf(types.mediaContactSheet, context)), reported: context.reported };
}
async function waveform(path: string, more: { width?: number; height?: number } = {}) {
  const configuration = waveformConfiguration.parse({ path, output: join(made, "waveform.png"), ...more });
  return resultOf(types.mediaWaveform, testContext(configuration, { workspace: await workspace() }));
}

describe("a poster", () => {
  it("of a picture is as wide as asked for, never wider, and turned as its camera says", async () => {
    const output = join(made, "city.jpg");
    const result = await poster(sample("city.jpg"), { width: 320 }, "city.jpg");
    expect(result).toMatchObject({ path: sample("city.jpg"), output, width: 320, height: 240, atSeconds: null });
    expect(result.bytes).toBe((await readFile(output)).length);
    expect(await poster(sample("city.jpg"), { width: 4_000 })).toMatchObject({ width: 1280, height: 960 });
    const turned = join(own, "turned.jpg");
    await sharp(sample("city.jpg")).resize(400).withMetadata({ orientation: 6 }).toFile(turned);
    expect(await poster(turned, { width: 100 })).toMatchObject({ width: 100, height: 133 });
  });

  it.each(["tiff", "gif", "webp", "png", "jpeg"] as const)(
    "of a %s is made, what is clear is white",
    async (format) => {
      const path = join(own, `half.${format}`);
      const red = { create: { width: 40, height: 60, channels: 4, background: "red" } } as const;
      const clear = { ...red, create: { ...red.create, background: "transparent" } };
      const picture = sharp({ create: { ...clear.create, width: 80 } }).composite([{ input: red, left: 0, top: 0 }]);
      await picture.toFormat(format, format === "tiff" ? { compression: "lzw" } : {}).toFile(path);
      expect(await poster(path, { width: 40 })).toMatchObject({ width: 40, height: 30 });
      const shown = sharp(join(made, "poster.jpg"));
      const [left, right] = await Promise.all([5, 30].map((at) => colourAt(shown.clone(), at)));
      expect(left).toEqual([expect.closeTo(254, -1), expect.closeTo(0, -1), expect.closeTo(0, -1)]);
      const background = format === "jpeg" ? 0 : 255;
      expect(right).toEqual([background, background, background].map((value) => expect.closeTo(value, -1)));
    },
  );

  it.each([
    [1, "red"],
    [3, "blue"],
    [6, "blue"],
    [8, "red"],
  ] as const)(
    "of a JPEG that its camera turned by mark %i has its upper left corner %s",
    async (orientation, corner) => {
      const path = join(own, `turned-${orientation}.jpg`);
      const blue = { create: { width: 80, height: 30, channels: 3, background: "blue" } } as const;
      const above = sharp({ create: { ...blue.create, height: 60, background: "red" } });
      const picture = above.composite([{ input: blue, left: 0, top: 30 }]).withMetadata({ orientation });
      await picture.jpeg().toFile(path);
      const turned = orientation > 4;
      expect(await poster(path)).toMatchObject(turned ? { width: 60, height: 80 } : { width: 80, height: 60 });
      const [red = 0, , other = 0] = await colourAt(sharp(join(made, "poster.jpg")), 5);
      expect(red > other ? "red" : "blue").toBe(corner);
    },
  );

  it("of a film is the first frame, or that of a second, or the one that shows most", async ({ skip }) => {
    skip(!hasFfmpeg, "no ffmpeg");
    expect(await poster(sample("dog.mp4"), { at: 0 })).toMatchObject({ width: 640, height: 360, atSeconds: 0 });
    expect(await poster(sample("dog.mp4"), { at: 1.2 }, "later.jpg")).toMatchObject({ atSeconds: 1.2 });
    const { atSeconds } = await poster(sample("monitors.webm"));
    expect(atSeconds).toBeGreaterThan(3);
    expect(await sharp(join(made, "later.jpg")).metadata()).toMatchObject({ format: "jpeg", width: 640, height: 360 });
    await expect(poster(sample("dog.mp4"), { at: 99 })).rejects.toThrow(refused("no_picture"));
  });

  it("of a sound file is its cover, and without one there is none", async () => {
    const cover = await sharp({ create: { width: 300, height: 300, channels: 3, background: "teal" } })
      .png()
      .toBuffer();
    const path = join(own, "covered.mp3");
    await writeFile(path, Buffer.concat([id3With(cover), await readFile(sample("speech.mp3"))]));
    expect(await poster(path, { width: 200 })).toMatchObject({ width: 200, height: 200, atSeconds: null });
    const drawing = join(own, "drawing.mp3");
    const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><image href="/etc/passwd"/></svg>');
    await writeFile(drawing, Buffer.concat([id3With(svg), await readFile(sample("speech.mp3"))]));
    for (const mute of [sample("speech.mp3"), drawing])
      await expect(poster(mute)).rejects.toThrow(refused("no_picture"));
  });

  it("is not made of a damaged picture, nor of one with too many pixels", async () => {
    const whole = await readFile(sample("city.jpg"));
    await writeFile(join(own, "cut.jpg"), whole.subarray(0, 30_000));
    await expect(poster(join(own, "cut.jpg"))).rejects.toThrow(refused("media_damaged"));
    const head = Buffer.from(
      await sharp({ create: { width: 8, height: 8, channels: 3, background: "red" } })
        .png()
        .toBuffer(),
    );
    head.writeUInt32BE(40_000, 16);
    head.writeUInt32BE(40_000, 20);
    await writeFile(join(own, "bomb.png"), head);
    await expect(poster(join(own, "bomb.png"))).rejects.toThrow(/pixels|damaged/);
  });
});

describe("a contact sheet", () => {
  it("has its frames evenly spread, with even gutters, the last one too", async ({ skip }) => {
    skip(!hasFfmpeg, "no ffmpeg");
    const { times, width, height, bytes, reported } = await sheet(sample("dog.mp4"), {
      columns: 3,
      rows: 2,
      width: 640,
    });
    expect(times).toEqual([0.133, 0.4, 0.667, 0.933, 1.2, 1.467]);
    const picture = sharp(join(made, "sheet.jpg"));
    expect(await picture.metadata()).toMatchObject({ format: "jpeg", width, height });
    expect(width).toBeLessThanOrEqual(640);
    expect(bytes).toBeGreaterThan(10_000);
    expect(reported.map(({ percent }) => percent)).toEqual([expect.any(Number), expect.any(Number)]);
    const corner = await picture.extract({ left: 0, top: 0, width: 4, height: 4 }).raw().toBuffer();
    expect(Math.max(...corner)).toBeLessThan(48);
    const { x, y } = layOut(6, { columns: 3, width: 640, aspect: 16 / 9 }).cells[5]!;
    const last = await sharp(join(made, "sheet.jpg")).extract({ left: x, top: y, width: 100, height: 60 }).stats();
    expect(last.channels[0]!.stdev).toBeGreaterThan(10);
  });

  it("is not made of what does not move", async ({ skip }) => {
    skip(!hasFfmpeg, "no ffmpeg");
    for (const still of ["city.jpg", "speech.mp3"]) {
      await expect(sheet(sample(still))).rejects.toThrow(refused("no_picture"));
    }
  });

  it("asks for a node with ffmpeg and sharp", () => {
    expect(types.mediaContactSheet.requires?.(contactSheetConfiguration.parse({ output: "/a" }))).toEqual([
      "ffmpeg",
      "sharp",
    ]);
  });

  it.each([
    [0, "tenths", "0:00.0"],
    [61.25, "tenths", "1:01.2"],
    [59.99, "seconds", "0:59"],
    [3_723, "seconds", "1:02:03"],
  ] as const)("calls %d in %s %s", (seconds, precision, text) => {
    expect(clockTime(seconds, precision)).toBe(text);
    expect(drawClock(text).glyphs.every(({ d }) => d !== "")).toBe(true);
  });
});

describe("a waveform", () => {
  it("of a WAV is read without ffmpeg: its peaks, and a picture on nothing", async () => {
    const rate = 8_000;
    const samples = Int16Array.from({ length: rate }, (_, at) =>
      at < rate / 2 ? 0 : (at % 2 === 0 ? 1 : -1) * 16_384,
    );
    await writeFile(join(own, "half.wav"), wavOf(samples, rate));
    const result = await waveform(join(own, "half.wav"), { width: 300, height: 100 });
    expect(result).toMatchObject({ width: 300, height: 100, channels: 1, durationSeconds: 1 });
    expect(result.peaks).toHaveLength(100);
    expect(result.peaks.slice(0, 50)).toEqual(Array(50).fill(0));
    expect(result.peaks.slice(50)).toEqual(Array(50).fill(0.5));
    const pixel = pixelsOf(await readFile(join(made, "waveform.png")));
    expect(pixel(200, 2)[3]).toBe(0);
    expect(pixel(10, 40)[3]).toBe(0);
    expect(pixel(201, 40)).toEqual([59, 130, 246, 255]);
    expect(await sharp(join(made, "waveform.png")).metadata()).toMatchObject({ format: "png", hasAlpha: true });
  });

  it("of decoded sound looks as that of the plain samples it was made of", async ({ skip }) => {
    skip(!hasFfmpeg, "no ffmpeg");
    const plain = await waveform(sample("speech.wav"));
    const decoded = await waveform(sample("speech.mp3"));
    expect(decoded.peaks).toHaveLength(400);
    const differences = plain.peaks.map((peak, index) => Math.abs(peak - decoded.peaks[index]!));
    expect(differences.reduce((sum, one) => sum + one) / differences.length).toBeLessThan(0.02);
    expect(await waveform(sample("dog.mp4"))).toMatchObject({ channels: 2, durationSeconds: expect.closeTo(1.6, 1) });
  });

  it("is not made of what has no sound, and nothing is left in the outputs", async ({ skip }) => {
    skip(!hasFfmpeg, "no ffmpeg");
    const before = await readdir(made);
    for (const mute of ["city.jpg", "monitors.webm"]) {
      await expect(waveform(sample(mute))).rejects.toThrow(refused("no_sound"));
    }
    expect(await readdir(made)).toEqual(before);
  });

  it("of a WAV without samples is none", async () => {
    await writeFile(join(own, "empty.wav"), wavOf(new Int16Array(), 8_000));
    await expect(waveform(join(own, "empty.wav"))).rejects.toThrow(refused("no_sound"));
    await writeFile(join(own, "head.wav"), wavOf(new Int16Array(), 8_000).subarray(0, 36));
    await expect(waveform(join(own, "head.wav"))).rejects.toThrow(refused("media_damaged"));
  });
});

it("a frame is worth more the more it shows", () => {
  const even = new Uint8Array(64 * 64).fill(128);
  const ramp = even.map((_, at) => (at % 64) * 4);
  const checks = even.map((_, at) => ((((at % 64) >> 3) + (at >> 9)) % 2 === 0 ? 30 : 220));
  expect(worthOf(even, 64)).toBe(0);
  expect(worthOf(checks, 64)).toBeGreaterThan(worthOf(ramp, 64));
});

it("AVI, which this package cannot read, is probed by ffprobe", async ({ skip }) => {
  const ffmpeg = await findFfmpeg();
  skip(ffmpeg?.ffprobe === undefined, "no ffprobe");
  const path = join(own, "film.avi");
  const film = ["-f", "lavfi", "-i", "testsrc=s=64x48:r=10:d=1", "-c:v", "mjpeg", "-f", "avi", path];
  execFileSync(ffmpeg!.path, ["-v", "error", ...film]);
  const found = await resultOf(types.mediaProbe, testContext({ path }, { workspace: await workspace() }));
  expect(found).toMatchObject({ path, kind: "video", container: "avi", durationSeconds: 1 });
  expect(found.streams).toMatchObject([{ kind: "video", codec: "mjpeg", width: 64, height: 48, frameRate: 10 }]);
});

it("a machine's capabilities are all that its media jobs may ask for, by names that a node may announce", async ({
  skip,
}) => {
  skip(!hasFfmpeg, "no ffmpeg");
  const capabilities = await mediaCapabilities();
  expect(capabilitiesSchema.parse(capabilities)).toEqual(expect.arrayContaining(["ffmpeg", "sharp"]));
  const asked = types.mediaProxy.requires?.({ output: "/a", height: 360 }) ?? [];
  expect(asked.length).toBeGreaterThan(1);
  expect(capabilities).toEqual(expect.arrayContaining([...asked]));
  await expect(mediaCapabilities({ ffmpeg: "/nowhere/ffmpeg" })).rejects.toThrow(refused("ffmpeg_missing"));
});

/** Red, green and blue of a point of the tenth line. */
async function colourAt(picture: Sharp, left: number): Promise<readonly number[]> {
  return [...(await picture.extract({ left, top: 10, width: 1, height: 1 }).raw().toBuffer())];
}

function wavOf(samples: Int16Array, rate: number): Buffer {
  const head = Buffer.alloc(44);
  head.write("RIFF", 0);
  head.writeUInt32LE(36 + samples.byteLength, 4);
  head.write("WAVEfmt ", 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(rate, 24);
  head.writeUInt32LE(rate * 2, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write("data", 36);
  head.writeUInt32LE(samples.byteLength, 40);
  return Buffer.concat([head, Buffer.from(samples.buffer)]);
}

/** The beginning of an MP3 with an attached front cover. */
function id3With(picture: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from("\0image/png\0\x03\0", "latin1"), picture]);
  const frame = Buffer.concat([Buffer.from("APIC"), Buffer.alloc(6), body]);
  frame.writeUInt32BE(body.length, 4);
  const head = Buffer.from("ID3\x03\0\0\0\0\0\0", "latin1");
  for (let byte = 0; byte < 4; byte++) head[6 + byte] = (frame.length >> (7 * (3 - byte))) & 0x7f;
  return Buffer.concat([head, frame]);
}

/** The pixels of a PNG whose rows are not filtered. */
function pixelsOf(png: Buffer): (x: number, y: number) => readonly number[] {
  const width = png.readUInt32BE(16);
  const start = png.indexOf("IDAT");
  const rows = inflateSync(png.subarray(start + 4, start + 4 + png.readUInt32BE(start - 4)));
  return (x, y) => [...rows.subarray(y * (width * 4 + 1) + 1 + x * 4).subarray(0, 4)];
}
