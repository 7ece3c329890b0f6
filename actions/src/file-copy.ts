import { rm } from "node:fs/promises";
import { dirname } from "node:path";
import { type ActionType, defineActionType, type JobContext } from "@callsheet/contract";
import { errandOf, lastCheckpoint } from "./copy/checkpoint.ts";
import { type CopyConfiguration, copyConfiguration, type Verification } from "./copy/configuration.ts";
import { openPartial } from "./copy/partial-file.ts";
import { transfer } from "./copy/transfer.ts";
import { type Destination, prepareDestination } from "./destination.ts";
import { codeOf, failure, isSystemError, quoted } from "./failure.ts";
import { directoriesOf, makeJournaled } from "./journaled-directory.ts";
import { type MediaSetting, readableRoots, settingOfEnvironment } from "./media-setting.ts";
import { outputFailure, outputPath } from "./output-path.ts";
import { outputOf } from "./output-template.ts";
import { pathOf } from "./path.ts";
import { publishMade } from "./publish-made.ts";
import { type SourceFile, withFile } from "./source-file.ts";

/** The copy that was made. */
export interface CopyResult {
  readonly path: string;
  readonly output: string;
  readonly bytes: number;
  /** Of the source as it was read, in lower-case hexadecimal digits. */
  readonly sha256: string;
  readonly verified: Verification;
  /** Bytes that an earlier attempt had copied. */
  readonly resumedAt: number;
}

/** `file.copy` for a node with this setting. */
export function fileCopyWith(setting: MediaSetting): ActionType<typeof copyConfiguration, CopyResult> {
  return defineActionType({
    type: "file.copy",
    version: 1,
    configuration: copyConfiguration,
    undo: { directory: directoriesOf(setting.outputRoots).undo },
    run: async (context) =>
      withFile(await pathOf(context), readableRoots(setting), async (source) => {
        const output = await outputOf(context);
        await makeJournaled(context, output, dirname(await outputPath(output, setting.outputRoots)));
        const destination = await prepareDestination(output, setting.outputRoots);
        refuseItself(source, destination);
        return copyTo(source, destination, context);
      }),
  });
}

/** `file.copy` with the setting of the environment. Works in a process of its own too, which inherits it. */
export const fileCopy = defineActionType({ ...fileCopyWith(settingOfEnvironment), module: import.meta.url });

/** Copies a file to where it is published when its attempt has ended well. */
export function copyTo(
  source: SourceFile,
  destination: Destination,
  context: JobContext<CopyConfiguration>,
): Promise<CopyResult> {
  return copy(source, destination, context).catch((error: unknown) => {
    // What the source refuses has its code by now; all else is of the place where the copy is made.
    throw isSystemError(error) ? outputFailure(destination.output, error) : error;
  });
}

async function copy(
  source: SourceFile,
  destination: Destination,
  context: JobContext<CopyConfiguration>,
): Promise<CopyResult> {
  const { verify } = context.configuration;
  const errand = errandOf(source, destination);
  const partial = await openPartial(destination, context, lastCheckpoint(context, errand));
  try {
    const { sha256, resumedAt } = await transfer({ source, destination, context, errand, partial });
    await publishMade(context, partial.path, destination.path);
    return { path: source.path, output: destination.output, bytes: source.bytes, sha256, verified: verify, resumedAt };
  } catch (error) {
    // Nobody goes on with what was cancelled, or with the file of an attempt that was overtaken.
    if (context.signal.aborted || codeOf(error) === "stale_attempt") await rm(partial.path, { force: true });
    throw error;
  }
}

function refuseItself({ facts, path }: SourceFile, { replaced, output }: Destination): void {
  if (replaced?.ino !== facts.ino || replaced.dev !== facts.dev) return;
  throw failure("output_refused", `${quoted(output)} is the file ${quoted(path)} itself.`);
}
