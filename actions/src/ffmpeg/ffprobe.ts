import { z } from "zod";
import { type Finding, languageOf, positive, type Stream } from "../probe-result.ts";
import { complaintOf } from "./complaint.ts";
import type { MediaLimits } from "./limits.ts";
import { inputArguments, type MediaInput } from "./media-input.ts";
import { runProgram } from "./run-program.ts";

export interface FfprobeRun {
  readonly ffprobe: string;
  readonly input: MediaInput;
  readonly cwd: string;
  readonly signal: AbortSignal;
  readonly limits: MediaLimits;
}

const ENTRIES = [
  "format=duration",
  "stream=codec_type,codec_name,width,height,avg_frame_rate,sample_rate,channels",
  "stream_tags=language",
  "stream_disposition=attached_pic",
  "stream_side_data=rotation",
].join(":");

/** Headers are read in no time; only a made-up file needs longer. */
const CPU_SECONDS = 60;

/** Reads with ffprobe what a file holds, in the form of the probe that needs no program. */
export async function ffprobeFinding({ ffprobe, input, cwd, signal, limits }: FfprobeRun): Promise<Finding> {
  const lines: string[] = [];
  const ending = await runProgram({
    command: {
      file: ffprobe,
      arguments: [
        ...["-hide_banner", "-loglevel", "error", "-max_alloc", String(limits.allocationBytes)],
        ...["-show_entries", ENTRIES, "-print_format", "json=compact=1", ...inputArguments(input, 0, limits)],
      ],
    },
    cwd,
    signal,
    limits: { ...limits, cpuSeconds: CPU_SECONDS },
    descriptors: [input.file.descriptor],
    onLine: (line) => lines.push(line),
  });
  if (ending.exitCode !== 0) throw complaintOf(input.file.path, ending);
  const finding = findingOfAnswer(JSON.parse(lines.join("\n")), input.demuxer);
  // ffprobe goes on when it may not, or cannot, find out how large a picture is.
  const isSizeless = finding.streams.some((stream) => stream.kind !== "audio" && stream.width * stream.height === 0);
  if (isSizeless) throw complaintOf(input.file.path, { ...ending, complaints: ending.complaints || NO_SIZE });
  return finding;
}

const NO_SIZE = "could not find codec parameters";

const answerSchema = z.object({
  format: z.object({ duration: z.coerce.number().optional() }).default({}),
  streams: z
    .array(
      z.object({
        codec_type: z.string().optional(),
        codec_name: z.string().optional(),
        width: z.number().default(0),
        height: z.number().default(0),
        avg_frame_rate: z.string().default("0/0"),
        sample_rate: z.coerce.number().default(0),
        channels: z.number().default(0),
        tags: z.object({ language: z.string().optional() }).default({}),
        disposition: z.object({ attached_pic: z.number().default(0) }).prefault({}),
        side_data_list: z.array(z.object({ rotation: z.number().optional() })).default([]),
      }),
    )
    .default([]),
});
type StreamAnswer = z.output<typeof answerSchema>["streams"][number];

/** What ffprobe says in its JSON, whatever the file made it say. */
export function findingOfAnswer(answer: unknown, demuxer: string): Finding {
  const { format, streams } = answerSchema.parse(answer);
  const still = demuxer.endsWith("_pipe");
  return {
    container: demuxer.replace(/_pipe$/, ""),
    durationSeconds: still ? null : positive(format.duration ?? 0),
    streams: streams.flatMap((stream) => streamOf(stream, still)),
  };
}

/** Subtitles, time codes and other data are left out. */
function streamOf(stream: StreamAnswer, still: boolean): readonly Stream[] {
  const { codec_name: codec = null, width, height, channels, sample_rate: sampleRate } = stream;
  const language = languageOf(stream.tags.language ?? "und");
  if (stream.codec_type === "audio") return [{ kind: "audio", codec, sampleRate, channels, language }];
  if (stream.codec_type !== "video") return [];
  if (still || stream.disposition.attached_pic === 1)
    return [{ kind: "image", codec: codec ?? "unknown", width, height }];
  const rotation = rotationOf(stream);
  return [{ kind: "video", codec, width, height, rotation, frameRate: frameRateOf(stream.avg_frame_rate), language }];
}

/** ffprobe counts against the clock, from -180 to 180. */
function rotationOf({ side_data_list: list }: StreamAnswer): number {
  const degrees = -(list.find(({ rotation }) => rotation !== undefined)?.rotation ?? 0);
  return (Math.round(degrees / 90) * 90 + 360) % 360;
}

function frameRateOf(fraction: string): number | null {
  const [over, under] = fraction.split("/").map(Number);
  return positive(over! / (under ?? 1));
}
