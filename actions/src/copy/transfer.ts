import { rm } from "node:fs/promises";
import type { JobContext } from "@callsheet/contract";
import { type Destination, requireRoom } from "../destination.ts";
import { failure, quoted } from "../failure.ts";
import { type Hashing, withHashing } from "../hashing/hashing.ts";
import { piecesOf } from "../pieces.ts";
import type { SourceFile } from "../source-file.ts";
import { reporter } from "../transfer-report.ts";
import { keepCheckpoint } from "./checkpoint.ts";
import type { CopyConfiguration } from "./configuration.ts";
import { type Beginning, type PartialFile, removeOthers, writePiece } from "./partial-file.ts";
import { verify } from "./verify.ts";

export interface Transfer {
  readonly source: SourceFile;
  readonly destination: Destination;
  readonly context: JobContext<CopyConfiguration>;
  readonly errand: string;
  readonly partial: PartialFile;
}

interface Transferred {
  readonly sha256: string;
  readonly resumedAt: number;
}

/** A copy under way, on its thread. */
interface Course extends Transfer {
  readonly hashing: Hashing;
  readonly reach: Reach;
  /** The percentage at which all is copied and the verification begins. */
  readonly copied: number;
}

/** How many bytes are known to be right, by their checksum. */
interface Reach {
  bytes: number;
  sha256: string | undefined;
}

/** What a kill may cost, and how seldom the database hears of a long copy. */
const CHECKPOINT_BYTES = 128 * 1024 * 1024;

/** Fills the partial file, flushes and verifies it, and closes it whatever happens. When it fails, a retry can go on. */
export async function transfer(given: Transfer): Promise<Transferred> {
  const { partial, context, source } = given;
  const { beginning } = partial;
  const reach: Reach = beginning?.isInPlace === true ? { ...beginning } : { bytes: 0, sha256: undefined };
  const copied = context.configuration.verify === "checksum" ? 60 : 100;
  const course = (hashing: Hashing): Course => ({ ...given, hashing, reach, copied });
  try {
    await requireRoom(given.destination, source.bytes - reach.bytes);
    const resumed = beginning && (await withHashing(["sha256"], (hashing) => goOn(course(hashing), beginning)));
    const done = resumed ?? (await withHashing(["sha256"], (hashing) => copyFrom(course(hashing), 0)));
    await verify(partial.handle, { source, context, sha256: done.sha256, from: copied });
    await partial.close();
    return done;
  } catch (error) {
    await partial.close();
    await letGo(given, reach);
    throw error;
  }
}

/** Reads what an earlier attempt copied, then copies the rest. Undefined when it is not what it was. */
async function goOn(
  course: Course,
  { content, bytes, sha256, isInPlace }: Beginning,
): Promise<Transferred | undefined> {
  const { context, source, hashing, copied } = course;
  const message = "checking what was copied before";
  const report = reporter(context, { message, from: 0, to: copied, bytes: source.bytes });
  let position = 0;
  for await (const piece of piecesOf(content)) {
    context.signal.throwIfAborted();
    await Promise.all([hashing.update(piece), isInPlace || write(course, piece, position)]);
    position += piece.length;
    report(position);
  }
  const [digits] = await hashing.digits();
  return position === bytes && digits === sha256 ? copyFrom(course, position) : undefined;
}

async function copyFrom(course: Course, start: number): Promise<Transferred> {
  const { source, context, hashing, partial, reach, copied } = course;
  await partial.handle.truncate(start);
  if (start > 0) await keep(course, start);
  else Object.assign(reach, { bytes: 0, sha256: undefined });
  await removeOthers(course.destination, context, partial.path);
  const stretch = { message: "copying", from: 0, to: copied, bytes: source.bytes, done: start };
  const report = reporter(context, stretch);
  let position = start;
  for await (const piece of piecesOf(source, start)) {
    context.signal.throwIfAborted();
    // A file that grows as fast as it is read has no end.
    if (position + piece.length > source.bytes) throw changed(source);
    await Promise.all([hashing.update(piece), write(course, piece, position)]);
    position += piece.length;
    report(position);
    if (position - reach.bytes >= CHECKPOINT_BYTES) await keep(course, position);
  }
  if (position !== source.bytes || (await source.hasChanged())) throw changed(source);
  const [sha256] = await hashing.digits();
  return { sha256: sha256!, resumedAt: start };
}

function write({ partial, source, destination }: Transfer, piece: Uint8Array, position: number): Promise<void> {
  return writePiece({ handle: partial.handle, destination, total: source.bytes }, piece, position);
}

async function keep(course: Course, bytes: number): Promise<void> {
  const { context, errand, partial, reach, hashing } = course;
  const [sha256] = await hashing.digits();
  await keepCheckpoint(context, { errand, file: partial.path, bytes, sha256: sha256!, isLetGo: false });
  Object.assign(reach, { bytes, sha256 });
}

/** Leaves the closed file to the next attempt, as far as it is known to be right. */
async function letGo({ context, errand, partial }: Transfer, { bytes, sha256 }: Reach): Promise<void> {
  if (context.signal.aborted || sha256 === undefined) return rm(partial.path, { force: true });
  // What ended the copy is what counts. An attempt that was overtaken has nothing to leave.
  await keepCheckpoint(context, { errand, file: partial.path, bytes, sha256, isLetGo: true }).catch(() => undefined);
}

function changed({ path }: SourceFile): Error {
  return failure("file_changed", `${quoted(path)} was written to while it was copied, so there is no copy of it.`);
}
