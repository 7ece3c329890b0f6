import { type ActionType, defineActionType, type JobContext, type JsonObject } from "@callsheet/contract";
import { z } from "zod";
import { codeOf, failure, quoted } from "./failure.ts";
import { findFfmpeg } from "./ffmpeg/find-ffmpeg.ts";
import { inspect } from "./ffmpeg/inspect.ts";
import { DEFAULT_LIMITS } from "./ffmpeg/limits.ts";
import { mediaInput } from "./ffmpeg/media-input.ts";
import { isForFfprobe } from "./kind-by-name.ts";
import { type MediaSetting, readableRoots, settingOfEnvironment } from "./media-setting.ts";
import { assetOf, pathOf, pathSchema } from "./path.ts";
import { findingOf } from "./probe-file.ts";
import type { Finding, ProbeResult, Stream } from "./probe-result.ts";
import { type SourceFile, withFile } from "./source-file.ts";

/** What a `media.probe` is told. */
export const probeConfiguration = z.strictObject({ path: pathSchema });

/** `media.probe` for a node with this setting. */
export function mediaProbeWith(setting: MediaSetting): ActionType<typeof probeConfiguration, ProbeResult> {
  return defineActionType({
    type: "media.probe",
    version: 1,
    configuration: probeConfiguration,
    flags: ["groupMember"],
    requires: ({ path }) => (isForFfprobe(path) ? ["ffprobe"] : []),
    run: async (context) => {
      const asset = await assetOf(context);
      const path = asset?.file ?? (await pathOf(context));
      const result = await withFile(path, readableRoots(setting), (file) => probe(file, setting, context));
      await asset?.setFacts(factsOf(result));
      return result;
    },
  });
}

/** `media.probe` with the setting of the environment. Works in a process of its own too, which inherits it. */
export const mediaProbe = defineActionType({ ...mediaProbeWith(settingOfEnvironment), module: import.meta.url });

/** What is known of an asset's file: all but where it is on this node. */
function factsOf({ path: _path, ...facts }: ProbeResult): JsonObject {
  return facts as unknown as JsonObject;
}

async function probe(file: SourceFile, setting: MediaSetting, context: JobContext): Promise<ProbeResult> {
  if (file.bytes === 0) throw failure("not_media", `${quoted(file.path)} is not a media file: it is empty.`);
  const finding = await findingByAnyMeans(file, setting, context);
  const { durationSeconds: seconds } = finding;
  return {
    path: file.path,
    kind: kindOf(finding.streams),
    container: finding.container,
    bytes: file.bytes,
    durationSeconds: seconds,
    bitRate: seconds === null ? null : Math.round((file.bytes * 8) / seconds),
    streams: finding.streams,
  };
}

/** What this package cannot read, such as AVI or MXF, is read by ffprobe where there is one. */
export async function findingByAnyMeans(
  file: SourceFile,
  setting: MediaSetting,
  context: JobContext,
): Promise<Finding> {
  const { signal } = context;
  try {
    return await findingOf(file, signal);
  } catch (error) {
    const code = codeOf(error);
    if (code !== "media_unsupported" && code !== "not_media") throw error;
    const ffmpeg = await findFfmpeg({ configured: setting.ffmpeg() });
    if (ffmpeg?.ffprobe === undefined) throw error;
    // What ffmpeg must not see either, such as a playlist, is no media on any node.
    const input = await mediaInput(file).catch(() => {
      throw error;
    });
    return inspect({ ffmpeg, input, cwd: await context.workspace(), signal, limits: DEFAULT_LIMITS });
  }
}

function kindOf(streams: readonly Stream[]): Stream["kind"] {
  const kinds = ["video", "image", "audio"] as const;
  return kinds.find((kind) => streams.some((stream) => stream.kind === kind)) ?? "audio";
}
