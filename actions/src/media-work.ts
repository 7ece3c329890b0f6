import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { JobContext } from "@callsheet/contract";
import { codeOf, failure } from "./failure.ts";
import { type Ffmpeg, findFfmpeg } from "./ffmpeg/find-ffmpeg.ts";
import { inspect } from "./ffmpeg/inspect.ts";
import { DEFAULT_LIMITS } from "./ffmpeg/limits.ts";
import { type MediaInput, mediaInput } from "./ffmpeg/media-input.ts";
import { type MediaSetting, readableRoots } from "./media-setting.ts";
import type { Finding } from "./probe-result.ts";
import type { Roots } from "./roots.ts";
import { withFile } from "./source-file.ts";

/** An open file, what it holds, and what works on it. */
export interface MediaWork {
  readonly ffmpeg: Ffmpeg;
  readonly input: MediaInput;
  readonly finding: Finding;
  /** The attempt's workspace. */
  readonly cwd: string;
}

/** Opens a file that a job may read, lets it in, finds out what it holds, and hands it to `use`. */
export async function withMedia<Result>(
  path: string,
  context: JobContext,
  setting: MediaSetting,
  use: (work: MediaWork) => Promise<Result>,
): Promise<Result> {
  const ffmpeg = await neededFfmpeg(setting);
  return withMediaBelow(path, readableRoots(setting), ffmpeg, context, use);
}

/** What a file holds that was made in the attempt's workspace. A kind that this node can write but not read is told by its size only. */
export async function inspectMade(
  file: string,
  ffmpeg: Ffmpeg,
  context: JobContext,
): Promise<Omit<Finding, "container"> & { readonly bytes: number }> {
  const cwd = await context.workspace();
  const path = join(cwd, file);
  try {
    return await withMediaBelow(
      path,
      () => [cwd],
      ffmpeg,
      context,
      async ({ finding, input }) => {
        return { durationSeconds: finding.durationSeconds, streams: finding.streams, bytes: input.file.bytes };
      },
    );
  } catch (error) {
    if (codeOf(error) !== "media_unsupported") throw error;
    return { durationSeconds: null, streams: [], bytes: (await stat(path)).size };
  }
}

async function withMediaBelow<Result>(
  path: string,
  roots: Roots,
  ffmpeg: Ffmpeg,
  context: JobContext,
  use: (work: MediaWork) => Promise<Result>,
): Promise<Result> {
  return withFile(path, roots, async (file) => {
    const input = await mediaInput(file);
    const cwd = await context.workspace();
    const finding = await inspect({ ffmpeg, input, cwd, signal: context.signal, limits: DEFAULT_LIMITS });
    return use({ ffmpeg, input, finding, cwd });
  });
}

/** Jobs wait for a node that has one; only a node that lost it since, or announces nothing, gets here without. */
async function neededFfmpeg(setting: MediaSetting): Promise<Ffmpeg> {
  const ffmpeg = await findFfmpeg({ configured: setting.ffmpeg() });
  if (ffmpeg !== undefined) return ffmpeg;
  throw ffmpegMissing();
}

/** The error of a node without ffmpeg that got a file for which it is needed. */
export function ffmpegMissing(): Error {
  return failure(
    "ffmpeg_missing",
    "There is no ffmpeg on this node: install it, put it on PATH, or name it in CALLSHEET_FFMPEG.",
  );
}
