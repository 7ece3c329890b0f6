import { describe, expect, it } from "vitest";
import { PRESET_NAMES, type PresetName, presetOf } from "../src/presets.ts";
import { neededBy, type TranscodeOptions, transcodeArguments } from "../src/transcode-arguments.ts";
import { transcodeConfiguration } from "../src/transcode-configuration.ts";

const argumentsOf = (name: PresetName, options: Partial<TranscodeOptions> = {}) =>
  transcodeArguments(presetOf(name), { audio: true, startSeconds: 0, ...options }, "made.bin");

const XDCAM = [
  ..."-map 0:V:0 -vf".split(" "),
  "bwdif=mode=send_frame:deint=interlaced,scale=w=trunc(iw*sar/2)*2:h=trunc(ih/2)*2,setsar=1," +
    "scale=w=1920:h=1080:force_original_aspect_ratio=decrease,pad=w=1920:h=1080:x=(ow-iw)/2:y=(oh-ih)/2,format=yuv422p",
  ..."-c:v mpeg2video -profile:v 0 -level:v 2 -g 12 -bf 2 -sc_threshold 1000000000".split(" "),
  ..."-b:v 50M -minrate 50M -maxrate 50M -bufsize 17825792 -rc_init_occupancy 17825792".split(" "),
  ..."-qmin 1 -qmax 28 -dc 10 -intra_vlc 1 -non_linear_quant 1 -r 25".split(" "),
  ..."-map 0:a? -c:a pcm_s24le -ar 48000 -sn -dn -f mxf file:made.bin".split(" "),
];

const atMost = (lines: number) =>
  `bwdif=mode=send_frame:deint=interlaced,scale=w=-2:h=trunc(min(${lines}\\,ih)/2)*2,format=yuv420p`;

describe("a preset and options become exactly these arguments", () => {
  it.each<[PresetName, Partial<TranscodeOptions>, readonly string[], readonly string[]]>([
    [
      "h264-720p",
      {},
      [],
      [
        ...["-map", "0:V:0", "-vf", atMost(720), "-c:v", "libx264", "-preset", "medium", "-profile:v", "high"],
        ...["-crf", "22", "-b:v", "0", "-map", "0:a:0?", "-c:a", "aac", "-ac", "2", "-b:a", "160k"],
        ...["-sn", "-dn", "-movflags", "+faststart", "-f", "mp4", "file:made.bin"],
      ],
    ],
    [
      "h264-1080p",
      { height: 240, videoKilobits: 400, audio: false, startSeconds: 1.5, durationSeconds: 10 },
      ["-ss", "1.5", "-t", "10"],
      [
        ...["-map", "0:V:0", "-vf", atMost(240), "-c:v", "libx264", "-preset", "medium", "-profile:v", "high"],
        ...["-b:v", "400k", "-an", "-sn", "-dn", "-movflags", "+faststart", "-f", "mp4", "file:made.bin"],
      ],
    ],
    [
      "proxy-h264",
      { crf: 30, audioKilobits: 64 },
      [],
      [
        ...["-map", "0:V:0", "-vf", atMost(540), "-c:v", "libx264", "-preset", "veryfast", "-profile:v", "high"],
        ...["-crf", "30", "-b:v", "0", "-map", "0:a:0?", "-c:a", "aac", "-ac", "2", "-b:a", "64k"],
        ...["-sn", "-dn", "-movflags", "+faststart", "-f", "mp4", "file:made.bin"],
      ],
    ],
    [
      "prores-422",
      {},
      [],
      [
        ...["-map", "0:V:0", "-vf", "scale=w=trunc(iw/2)*2:h=trunc(ih/2)*2,format=yuv422p10le", "-c:v", "prores_ks"],
        ...["-profile:v", "2", "-vendor", "apl0", "-map", "0:a?", "-c:a", "pcm_s24le", "-ar", "48000"],
        ...["-sn", "-dn", "-f", "mov", "file:made.bin"],
      ],
    ],
    ["xdcam-hd422-25p", {}, [], XDCAM],
    ["flac", {}, [], "-vn -map 0:a:0 -c:a flac -sn -dn -f flac file:made.bin".split(" ")],
    [
      "mp3",
      { audioKilobits: 320 },
      [],
      "-vn -map 0:a:0 -c:a libmp3lame -b:a 320k -sn -dn -f mp3 file:made.bin".split(" "),
    ],
  ])("%s %j", (name, options, input, output) => {
    expect(argumentsOf(name, options)).toEqual({ input, output });
  });
});

describe("the configuration of media.transcode", () => {
  const base = { output: "/o/a.mp4", preset: "h264-720p" };

  it("has sound, from the beginning, unless something else is asked for", () => {
    expect(transcodeConfiguration.parse(base)).toEqual({ ...base, audio: true, startSeconds: 0 });
  });

  it.each([
    [{ preset: "no-such" }, "preset"],
    [{ height: 7 }, "height"],
    [{ height: "720;id" }, "height"],
    [{ crf: 64 }, "crf"],
    [{ startSeconds: -1 }, "startSeconds"],
    [{ startSeconds: "0 -i /etc/passwd" }, "startSeconds"],
    [{ durationSeconds: 0 }, "durationSeconds"],
    [{ durationSeconds: Number.POSITIVE_INFINITY }, "durationSeconds"],
    [{ crf: 20, videoKilobits: 900 }, "videoKilobits"],
    [{ preset: "prores-422", crf: 20 }, "crf"],
    [{ preset: "xdcam-hd422-25p", height: 720 }, "height"],
    [{ preset: "mp3", videoKilobits: 900 }, "videoKilobits"],
    [{ preset: "mp3", height: 720 }, "height"],
    [{ preset: "flac", audioKilobits: 900 }, "audioKilobits"],
    [{ preset: "aac", audio: false }, "audio"],
    [{ audio: false, audioKilobits: 64 }, "audioKilobits"],
    [{ filters: "movie=/etc/passwd" }, undefined],
  ])("refuses %j", (given, field) => {
    const { error } = transcodeConfiguration.safeParse({ ...base, ...given });
    expect(error?.issues[0]?.path[0]).toBe(field);
  });
});

it("what a preset needs of an ffmpeg is its encoders, and the filters that it uses", () => {
  expect(neededBy(presetOf("mp3"))).toEqual(["ffmpeg", "ffmpeg.encoder.libmp3lame"]);
  expect([...neededBy(presetOf("xdcam-hd422-25p"))].sort()).toEqual([
    ...["ffmpeg", "ffmpeg.encoder.mpeg2video", "ffmpeg.encoder.pcm_s24le"],
    ...["ffmpeg.filter.bwdif", "ffmpeg.filter.pad", "ffmpeg.filter.scale"],
  ]);
  for (const name of PRESET_NAMES) {
    const used = argumentsOf(name).output.join(" ");
    const filters = ["bwdif", "scale", "pad"].filter((filter) => used.includes(`${filter}=`));
    for (const filter of filters) expect(neededBy(presetOf(name))).toContain(`ffmpeg.filter.${filter}`);
  }
});
