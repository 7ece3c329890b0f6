import { type BigIntStats, constants } from "node:fs";
import { type FileHandle, lstat, open, realpath } from "node:fs/promises";
import { failure, quoted } from "./failure.ts";
import { placeOf } from "./place.ts";
import { isInRoots, type Roots, wouldBeInRoots } from "./roots.ts";

/** A regular file below a node's roots, open for reading. */
export interface SourceFile {
  readonly path: string;
  readonly bytes: number;
  /** Of the open file, for handing it to another program: whatever happens to the path, it stays this file. */
  readonly descriptor: number;
  /** As they were when it was opened. */
  readonly facts: BigIntStats;
  /** Fills as much of `buffer` as there is from `position` on, and returns how many bytes that were; 0 at the end. */
  read(buffer: Uint8Array, position: number): Promise<number>;
  /** Whether it was written to, or replaced in its length, since it was opened. */
  hasChanged(): Promise<boolean>;
}

/** Opens the file, hands it to `use`, and closes it whatever happens. Fails with a code when it may not or cannot be read. */
export async function withFile<Result>(
  path: string,
  roots: Roots,
  use: (file: SourceFile) => Promise<Result>,
): Promise<Result> {
  const handle = await openBelow(path, roots());
  try {
    return await use(await sourceFile(path, handle));
  } finally {
    await handle.close();
  }
}

async function openBelow(path: string, roots: readonly string[]): Promise<FileHandle> {
  const real = await resolveLinks(path, roots);
  if (!(await isInRoots(real, roots))) throw outside(path);
  const facts = await lstat(real).catch((error) => refuse(path, error));
  if (!facts.isFile()) throw failure("not_a_file", `${quoted(path)} is ${kindOf(facts)}, not a regular file.`);
  // Should it have become a pipe by now, the open must not wait for a writer; should it be a link, it must fail.
  const flags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOFOLLOW ?? 0);
  const handle = await open(real, flags).catch((error) => refuse(path, error));
  try {
    await refuseExchanged(path, real, handle);
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function resolveLinks(path: string, roots: readonly string[]): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    // Whoever may not read there is not told what exists there either.
    if (!wouldBeInRoots(path, roots)) throw outside(path);
    return refuse(path, error);
  }
}

/** What was opened must stand at the checked path: directories above it may have been exchanged for links meanwhile. */
async function refuseExchanged(path: string, real: string, handle: FileHandle): Promise<void> {
  const place = (await placeOf(handle)) ?? (await placeByName(path, real, handle));
  if (place === real) return;
  throw failure("file_changed", `${quoted(path)} was exchanged for another file while it was opened.`);
}

/** Where the system cannot tell the place of an open file: what the checked path names now, if it is that file. */
async function placeByName(path: string, real: string, handle: FileHandle): Promise<string | undefined> {
  const again = await realpath(real).catch((error) => refuse(path, error));
  const [opened, named] = await Promise.all([handle.stat(), lstat(again).catch((error) => refuse(path, error))]);
  return opened.ino === named.ino && opened.dev === named.dev ? again : undefined;
}

async function sourceFile(path: string, handle: FileHandle): Promise<SourceFile> {
  const before = await handle.stat({ bigint: true });
  return {
    path,
    bytes: Number(before.size),
    descriptor: handle.fd,
    facts: before,
    async read(buffer, position) {
      let filled = 0;
      while (filled < buffer.length) {
        const rest = buffer.length - filled;
        const { bytesRead } = await handle.read(buffer, filled, rest, position + filled).catch((error) => {
          throw failure("read_failed", `${quoted(path)} could not be read to its end: ${reason(error)}.`, error);
        });
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return filled;
    },
    async hasChanged() {
      const now = await handle.stat({ bigint: true });
      return now.size !== before.size || now.mtimeNs !== before.mtimeNs;
    },
  };
}

function outside(path: string): Error {
  return failure("outside_roots", `${quoted(path)} lies outside of the directories that this node may read.`);
}

function refuse(path: string, error: unknown): never {
  const name = quoted(path);
  switch ((error as NodeJS.ErrnoException).code) {
    case "ENOENT":
    case "ENOTDIR":
      throw failure("file_not_found", `There is no file ${name}.`, error);
    case "EACCES":
    case "EPERM":
      throw failure("file_unreadable", `This node's user may not read ${name}.`, error);
    case "ELOOP":
      throw failure("file_unreadable", `The links of ${name} lead in a circle, or were changed just now.`, error);
    case "ENAMETOOLONG":
      throw failure("path_invalid", `The path ${name} is longer than the file system allows.`, error);
    default:
      throw failure("read_failed", `${name} could not be opened: ${reason(error)}.`, error);
  }
}

function reason(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}

function kindOf(facts: Awaited<ReturnType<typeof lstat>>): string {
  if (facts.isDirectory()) return "a directory";
  if (facts.isFIFO()) return "a pipe";
  if (facts.isSocket()) return "a socket";
  return "a device";
}
