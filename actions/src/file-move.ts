import { stat } from "node:fs/promises";
import { dirname } from "node:path";
import { type ActionType, defineActionType, type JobContext, type Json, type Undo } from "@callsheet/contract";
import { z } from "zod";
import type { CopyConfiguration } from "./copy/configuration.ts";
import { prepareDestination } from "./destination.ts";
import { codeOf, failure, quoted } from "./failure.ts";
import { copyTo } from "./file-copy.ts";
import { directoriesOf, makeJournaled } from "./journaled-directory.ts";
import { type MediaSetting, settingOfEnvironment } from "./media-setting.ts";
import { outputPath, replacedAt } from "./output-path.ts";
import { outputOf, outputSchema } from "./output-template.ts";
import { pathOf, pathSchema } from "./path.ts";
import type { Roots } from "./roots.ts";
import { withFile } from "./source-file.ts";
import { inodeOf, moveToTrash, renameWithin, trashOf } from "./trash.ts";

export const moveConfiguration = z.strictObject({ path: pathSchema, output: outputSchema });

/** Where a file was, and where it is. */
export interface MoveResult {
  readonly path: string;
  readonly output: string;
  readonly bytes: number;
  /** It went to another file system, by a copy that was verified. */
  readonly copied: boolean;
}

type Context = JobContext<z.output<typeof moveConfiguration>, "directory" | "trash" | "move">;

/** `file.move` for a node with this setting: from and to places below its output roots. A file that is there is replaced. */
export function fileMoveWith(setting: MediaSetting): ActionType<typeof moveConfiguration, MoveResult> {
  const trash = trashOf(setting.outputRoots);
  return defineActionType({
    type: "file.move",
    version: 1,
    configuration: moveConfiguration,
    undo: {
      directory: directoriesOf(setting.outputRoots).undo,
      trash: trash.undo,
      move: moveBack(setting.outputRoots),
    },
    keep: { trash: trash.keep },
    run: async (context) => {
      const [path, output] = [await pathOf(context), await outputOf(context)];
      const bytes = await withFile(path, setting.outputRoots, async (file) => file.bytes);
      const [from, to] = [await outputPath(path, setting.outputRoots), await outputPath(output, setting.outputRoots)];
      if (from === to) throw failure("output_refused", `${quoted(output)} is the file ${quoted(path)} itself.`);
      await makeJournaled(context, output, dirname(to));
      const copied = !(await isOneDevice(from, dirname(to))) || !(await moveWithin(context, from, to));
      if (copied) await moveByCopy(context, setting, { from, output });
      return { path, output, bytes, copied };
    },
  });
}

/** `file.move` with the setting of the environment. Works in a process of its own too, which inherits it. */
export const fileMove = defineActionType({ ...fileMoveWith(settingOfEnvironment), module: import.meta.url });

async function isOneDevice(one: string, other: string): Promise<boolean> {
  const [first, second] = await Promise.all([stat(one), stat(other)]);
  return first.dev === second.dev;
}

const movedSchema = z.strictObject({ from: z.string(), to: z.string(), inode: z.string() });

/** False: the two places are on one device, and yet not of one file system. */
async function moveWithin(context: Context, from: string, to: string): Promise<boolean> {
  if (await replacedAt(to, to)) await moveToTrash(context, to);
  const inode = (await inodeOf(from))!;
  await context.undo("move", { from, to, inode } satisfies z.input<typeof movedSchema> as Json);
  try {
    await renameWithin(from, to);
    return true;
  } catch (error) {
    if (codeOf(error) === "EXDEV") return false;
    throw error;
  }
}

function moveBack(roots: Roots): Undo {
  return async (data) => {
    const { from, to, inode } = movedSchema.parse(data);
    for (const path of [from, to]) await outputPath(path, roots);
    const [before, after] = [await inodeOf(from), await inodeOf(to)];
    // It was never moved, or is back already.
    if (before === inode) return;
    const refused = (why: string) => failure("output_refused", `${quoted(from)} cannot be moved back: ${why}.`);
    if (after !== inode) throw refused(`it is not at ${quoted(to)}`);
    if (before !== undefined) throw refused("another file stands there");
    await renameWithin(to, from);
  };
}

/** The copy appears when the attempt has ended well; until the job has completed, the file itself is only hidden. */
async function moveByCopy(
  context: Context,
  setting: MediaSetting,
  { from, output }: { readonly from: string; readonly output: string },
): Promise<void> {
  await withFile(from, setting.outputRoots, async (source) => {
    const destination = await prepareDestination(output, setting.outputRoots);
    await copyTo(source, destination, forCopy(context));
  });
  await moveToTrash(context, from);
}

/** The same context as a copy knows it. Field by field: an engine may make some of them when they are asked for. */
function forCopy(context: Context): JobContext<CopyConfiguration> {
  const { job, target, attempt, fencing, signal, progress, log, variables } = context;
  const { asset, workspace, publish, undo, completionToken, transaction } = context;
  const configuration = { ...context.configuration, verify: "checksum" } as const;
  return {
    ...{ job, configuration, target, attempt, fencing, signal, progress, log, variables },
    ...{ asset, workspace, publish, undo, completionToken, transaction },
  };
}
