import { type ActionType, defineActionType } from "@callsheet/contract";
import { z } from "zod";
import { failure, quoted } from "./failure.ts";
import { type MediaSetting, readableRoots, settingOfEnvironment } from "./media-setting.ts";
import { pathOf, pathSchema } from "./path.ts";
import { findingOf } from "./probe-file.ts";
import type { ProbeResult, Stream } from "./probe-result.ts";
import { type SourceFile, withFile } from "./source-file.ts";

export const probeConfiguration = z.strictObject({ path: pathSchema });

/** `media.probe` for a node with this setting. */
export function mediaProbeWith(setting: MediaSetting): ActionType<typeof probeConfiguration, ProbeResult> {
  return defineActionType({
    type: "media.probe",
    version: 1,
    configuration: probeConfiguration,
    run: async (context) => withFile(pathOf(context), readableRoots(setting), (file) => probe(file, context.signal)),
  });
}

/** `media.probe` with the setting of the environment. Works in a process of its own too, which inherits it. */
export const mediaProbe = defineActionType({ ...mediaProbeWith(settingOfEnvironment), module: import.meta.url });

async function probe(file: SourceFile, signal: AbortSignal): Promise<ProbeResult> {
  if (file.bytes === 0) throw failure("not_media", `${quoted(file.path)} is not a media file: it is empty.`);
  const finding = await findingOf(file, signal);
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

function kindOf(streams: readonly Stream[]): Stream["kind"] {
  const kinds = ["video", "image", "audio"] as const;
  return kinds.find((kind) => streams.some((stream) => stream.kind === kind)) ?? "audio";
}
