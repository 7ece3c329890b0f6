import { constants } from "node:fs";
import { type FileHandle, open, readdir, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { JobContext } from "@callsheet/contract";
import { type Destination, diskFull, roomOf } from "../destination.ts";
import { outputFailure, outside } from "../output-path.ts";
import type { Readable } from "../pieces.ts";
import { placeOf } from "../place.ts";
import { type Checkpoint, keepCheckpoint } from "./checkpoint.ts";

/**
 * A copy in the making, hidden beside its destination. No two attempts ever write into the same file: one that was let go is
 * taken over, and of one whose writer may still be alive only the beginning is read.
 */
export interface PartialFile {
  readonly path: string;
  readonly handle: FileHandle;
  /** What an earlier attempt had copied. `file` is this one when it was taken over. */
  readonly beginning: Beginning | undefined;
  close(): Promise<void>;
}

export interface Beginning {
  readonly content: Readable;
  readonly bytes: number;
  readonly sha256: string;
  /** It stands in the partial file already, and need not be written again. */
  readonly isInPlace: boolean;
}

const NO_FOLLOW = constants.O_NOFOLLOW ?? 0;
/** File names have at most 255 bytes; the rest is for the job and the attempt. */
const LONGEST_NAME_BYTES = 150;

/** Opens the partial file of this attempt, with what the checkpoint says of an earlier one, if that is still there. */
export async function openPartial(
  destination: Destination,
  context: JobContext,
  checkpoint: Checkpoint | undefined,
): Promise<PartialFile> {
  const left = checkpoint && isPartialOf(destination, context, checkpoint.file) ? checkpoint : undefined;
  if (left?.isLetGo === true) {
    // From here on it belongs to this attempt, or this fails because another one was faster.
    await keepCheckpoint(context, { ...left, isLetGo: false });
    const handle = await openWhole(left, constants.O_RDWR);
    if (handle !== undefined) return partial(left.file, handle, beginningOf(left, handle, true));
  }
  const path = join(destination.directory, `${prefixOf(destination, context)}${context.attempt}.copy`);
  const earlier = left === undefined || left.isLetGo ? undefined : await openWhole(left, constants.O_RDONLY);
  try {
    const handle = await create(destination, path);
    return partial(path, handle, left && earlier && beginningOf(left, earlier, false), earlier);
  } catch (error) {
    await earlier?.close();
    throw error;
  }
}

/** Removes what other attempts of this job left beside the destination. */
export async function removeOthers(destination: Destination, context: JobContext, kept: string): Promise<void> {
  const names = await readdir(destination.directory);
  const paths = names.map((name) => join(destination.directory, name));
  const others = paths.filter((path) => path !== kept && isPartialOf(destination, context, path));
  await Promise.all(others.map((path) => rm(path, { force: true })));
}

/** Writes all of a piece. `total` is the length that the file will have. */
export async function writePiece(
  file: { readonly handle: FileHandle; readonly destination: Destination; readonly total: number },
  piece: Uint8Array,
  position: number,
): Promise<void> {
  for (let written = 0; written < piece.length; ) {
    try {
      const { bytesWritten } = await file.handle.write(piece, written, piece.length - written, position + written);
      written += bytesWritten;
    } catch (error) {
      throw await writeFailure(file, position + written, error);
    }
  }
}

async function writeFailure(
  { destination, total }: { readonly destination: Destination; readonly total: number },
  written: number,
  error: unknown,
): Promise<Error> {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== "ENOSPC" && code !== "EDQUOT") return outputFailure(destination.output, error);
  const room = await roomOf(destination);
  // A quota, or whoever was faster, leaves room that this file did not get.
  return diskFull(destination.output, Math.max(1, total - written - room), error);
}

function partial(
  path: string,
  handle: FileHandle,
  beginning: Beginning | undefined,
  earlier?: FileHandle | undefined,
): PartialFile {
  const close = async () => {
    await earlier?.close();
    await handle.close();
  };
  return { path, handle, beginning, close };
}

function beginningOf({ bytes, sha256 }: Checkpoint, handle: FileHandle, isInPlace: boolean): Beginning {
  return { content: readable(handle, bytes), bytes, sha256, isInPlace };
}

/** The first bytes of an open file. */
export function readable(handle: FileHandle, bytes: number): Readable {
  return {
    bytes,
    async read(buffer, position) {
      const length = Math.max(0, Math.min(buffer.length, bytes - position));
      return length === 0 ? 0 : (await handle.read(buffer, 0, length, position)).bytesRead;
    },
  };
}

/** Undefined when the file is gone, elsewhere by now, or shorter than it should be. */
async function openWhole({ file, bytes }: Checkpoint, flags: number): Promise<FileHandle | undefined> {
  const handle = await open(file, flags | NO_FOLLOW).catch(() => undefined);
  if (handle === undefined) return undefined;
  const facts = await handle.stat();
  const isThere = ((await placeOf(handle)) ?? file) === file;
  if (isThere && facts.isFile() && facts.size >= bytes) return handle;
  await handle.close();
  return undefined;
}

async function create({ output }: Destination, path: string): Promise<FileHandle> {
  const flags = constants.O_CREAT | constants.O_EXCL | constants.O_RDWR | NO_FOLLOW;
  const handle = await rm(path, { force: true })
    .then(() => open(path, flags, 0o600))
    .catch((error: unknown) => {
      throw outputFailure(output, error);
    });
  const place = (await placeOf(handle)) ?? path;
  if (place === path) return handle;
  // Its directory was exchanged for a link just now: it is empty, and stays nowhere.
  await handle.close();
  await rm(place, { force: true });
  throw outside(output);
}

function isPartialOf(destination: Destination, context: JobContext, path: string): boolean {
  const name = basename(path);
  return (
    dirname(path) === destination.directory && name.startsWith(prefixOf(destination, context)) && name.endsWith(".copy")
  );
}

function prefixOf({ path }: Destination, { job }: JobContext): string {
  const name = new TextEncoder().encode(basename(path)).subarray(0, LONGEST_NAME_BYTES);
  return `.${new TextDecoder().decode(name)}.${job.id}.`;
}
