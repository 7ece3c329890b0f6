import { type ActionType, defineActionType } from "@callsheet/contract";
import { z } from "zod";
import { type MediaSetting, settingOfEnvironment } from "./media-setting.ts";
import { type TranscodeResult, transcode } from "./media-transcode.ts";
import { withMedia } from "./media-work.ts";
import { outputPath } from "./output-path.ts";
import { outputOf, outputSchema } from "./output-template.ts";
import { pathOf, pathSchema } from "./path.ts";
import { type Preset, presetOf } from "./presets.ts";
import { neededBy } from "./transcode-arguments.ts";

/** What a `media.proxy` is told. */
export const proxyConfiguration = z.strictObject({
  path: pathSchema,
  output: outputSchema,
  /** Lines of the picture at most. */
  height: z.int().min(16).max(2_160).multipleOf(2).default(360),
});

const PROXY = presetOf("proxy-h264");

/** Of sound alone the proxy is sound alone, in the same kind of file. */
const SOUND_PROXY: Preset = { ...PROXY, video: null };

/** `media.proxy` for a node with this setting: a small MP4 to look at, or to listen to. */
export function mediaProxyWith(setting: MediaSetting): ActionType<typeof proxyConfiguration, TranscodeResult> {
  return defineActionType({
    type: "media.proxy",
    version: 1,
    configuration: proxyConfiguration,
    requires: () => neededBy(PROXY),
    run: async (context) => {
      const options = { height: context.configuration.height, audio: true, startSeconds: 0 };
      const output = await outputOf(context);
      const destination = await outputPath(output, setting.outputRoots);
      return withMedia(await pathOf(context), context, setting, (work) => {
        const isSound = work.finding.streams.every(({ kind }) => kind === "audio");
        return transcode({ work, preset: isSound ? SOUND_PROXY : PROXY, options, output, destination, context });
      });
    },
  });
}

/** `media.proxy` with the setting of the environment. Works in a process of its own too, which inherits it. */
export const mediaProxy = defineActionType({ ...mediaProxyWith(settingOfEnvironment), module: import.meta.url });
