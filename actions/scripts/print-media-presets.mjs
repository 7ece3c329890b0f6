// Prints docs/guide/media-presets.md. Build first.
import { PRESETS } from "../dist/presets.js";

const line = (cells) => `| ${cells.join(" | ")} |`;
const table = (head, rows) => [head, head.map(() => "---"), ...rows].map(line).join("\n");

const size = ({ size }) => {
  if (size === "source") return "the source's";
  return "atMost" in size ? `at most ${size.atMost} lines` : `${size.raster.width}×${size.raster.height}`;
};
const picture = ({ video }) => {
  if (video === null) return "";
  const rate = video.frameRate === null ? "" : `, ${video.frameRate} frames/s`;
  return `${video.encoder}, ${size(video)}${rate}${video.crf === null ? "" : `, crf ${video.crf}`}`;
};
const sound = ({ audio }) => {
  const kilobits = audio.kilobits === null ? "" : `, ${audio.kilobits} kb/s`;
  return `${audio.encoder}${kilobits}${audio.tracks === "all" ? ", all tracks" : ""}`;
};

const rows = Object.entries(PRESETS).map(([name, preset]) => [
  ...[`\`${name}\``, preset.use, `.${preset.extension}`, picture(preset), sound(preset), preset.description],
]);

const example = `import { resolve } from "node:path";
import { mediaActions, mediaCapabilities } from "@callsheet/actions";
import { Callsheet } from "@callsheet/core";

const cs = await Callsheet.open();
const { mediaTranscode } = mediaActions({ roots: [resolve("media")], outputRoots: [resolve("out")] });
const web = await cs.actions.put({
  name: "web",
  type: mediaTranscode,
  configuration: { preset: "h264-1080p" },
  cancellable: "asks",
});
await cs.work({ name: "here", types: [mediaTranscode], capabilities: await mediaCapabilities() });

const job = await cs.jobs.create(web, {
  configuration: { path: resolve("media/dog.mp4"), output: resolve("out/dog.mp4"), height: 360 },
});
const { state, result } = await cs.jobs.wait(job);
console.log(state, result?.output);
await cs.close();`;

process.stdout.write(
  [
    "<!-- Generated from actions/src/presets.ts: change that, and generate again. -->",
    "# Media presets",
    "`media.transcode` makes a file by a preset, `media.proxy` a small one to look at, and `media.compare` says how much a file differs from its source. All three work with the ffmpeg of the node that runs the job: the one that the node is told to use, else the first on PATH, else that of the npm package `@ffmpeg-installer/ffmpeg`, which is a build of 2018 without ffprobe and meant for files that you trust.",
    `\`\`\`ts\n${example}\n\`\`\`\n\n\`\`\`text output\ncompleted …/out/dog.mp4\n\`\`\``,
    table(["preset", "for", "file", "picture", "sound", "what it is"], rows),
    "## Options of `media.transcode`",
    table(
      ["option", "what it does"],
      [
        [
          "`height`",
          "lines of the picture at most, instead of the preset's; a picture is never made larger than it is",
        ],
        ["`crf`", "constant quality as the encoder counts, 0 to 63: less is better and larger"],
        ["`videoKilobits`", "kilobits per second of the picture, instead of a constant quality"],
        ["`audioKilobits`", "kilobits per second of the sound"],
        ["`audio`", "`false` leaves the sound out"],
        ["`startSeconds`, `durationSeconds`", "the part of the source that is used"],
      ],
    ),
    "An option that a preset has no use for is refused when the job is created: ProRes has no `crf`, a sound no `height`. A new preset is a new entry of `PRESETS`; there is no way to hand text to ffmpeg, and no shell.",
    "## One action for many files",
    "`output` may name facts of the job, as in `/proxies/#{asset.folder}/#{file.stem}.mp4`, so that one action works on each asset of a collection: see [group jobs](group-jobs.md).",
    "## What a node must have",
    "A job needs `ffmpeg`, `ffmpeg.encoder.NAME` for the encoders of its preset, and `ffmpeg.filter.NAME` for its filters. A node announces what its ffmpeg was built with. When no node has what a job needs, the job waits, and says so.",
    "`media.poster`, `media.waveform` and `media.probe` do much without ffmpeg. They ask for it where the ending of `path` says that they will need it, as `.mp4` does; a picture asks for `sharp`, and the probe of a kind that is not read here, such as `.avi`, for `ffprobe`. Of a job that names its file by its target only, or with an ending that tells nothing, this is known when it runs: it fails with `ffmpeg_missing`, `sharp_missing` or `media_unsupported` on a node that cannot do it.",
    "## What is never read",
    "ffmpeg gets an open file, not a path, and one reader that follows from the first bytes of the file. A playlist, a manifest, a list of files, subtitles, an SVG or a script is refused with `media_refused`, whatever its name; nothing that is within a film can lead to another file or to an address. What is larger than the limits fails with `media_too_large`: 134 million pixels, 48 hours, 64 streams, 1,000 frames per second, 512 GiB of output, and 8 GiB of memory where `prlimit` is there to hold it.",
    "## How a job ends",
    "The file is made in the attempt's workspace and appears at `output` when the attempt has ended well; a failed or cancelled one leaves nothing. Where the action is cancellable, a cancel kills ffmpeg; a time-out never does. The result tells the size, duration and streams of what was made, and how fast it was made. A kind of file that this node can write but not read, such as MXF without ffprobe, has no `streams`.",
  ]
    .join("\n\n")
    .concat("\n"),
);
