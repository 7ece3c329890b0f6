import { type ActionType, defineActionType } from "@callsheet/contract";
import { z } from "zod";
import { type MediaSetting, settingOfEnvironment } from "./media-setting.ts";
import { outputPath } from "./output-path.ts";
import { pathOf, pathSchema } from "./path.ts";
import { withFile } from "./source-file.ts";
import { moveToTrash, trashOf } from "./trash.ts";

export const deleteConfiguration = z.strictObject({ path: pathSchema });

/** What was deleted. */
export interface DeleteResult {
  readonly path: string;
  readonly bytes: number;
}

/** `file.delete` for a node with this setting: files below its output roots. */
export function fileDeleteWith(setting: MediaSetting): ActionType<typeof deleteConfiguration, DeleteResult> {
  const { undo, keep } = trashOf(setting.outputRoots);
  return defineActionType({
    type: "file.delete",
    version: 1,
    configuration: deleteConfiguration,
    undo: { trash: undo },
    keep: { trash: keep },
    run: async (context) => {
      const path = await pathOf(context);
      const bytes = await withFile(path, setting.outputRoots, async (file) => file.bytes);
      // A link is refused: what was meant, it or the file, is not for us to say.
      await moveToTrash(context, await outputPath(path, setting.outputRoots));
      return { path, bytes };
    },
  });
}

/** `file.delete` with the setting of the environment. Works in a process of its own too, which inherits it. */
export const fileDelete = defineActionType({ ...fileDeleteWith(settingOfEnvironment), module: import.meta.url });
