import { isUtf8 } from "node:buffer";
import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { randomBytes, randomUUID } from "node:crypto";
import { constants, type Dirent } from "node:fs";
import {
  copyFile,
  link,
  lstat,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  readlink,
  realpath,
  rename,
  rm,
  rmdir,
  stat,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Entry } from "../operations/media/walk.ts";
import type { ProcessIdentity } from "../store/nodes.ts";
import { type Clock, systemClock } from "./clock.ts";
import type { Pulse, PulseOrder, PulseWord } from "./heartbeat/pulse.ts";
import { readyPulse, startPulse } from "./heartbeat/start-pulse.ts";
import { createIds } from "./ids.ts";
import { endOrphans, isAlive, ownMark, self } from "./processes.ts";

export type { Timer } from "./clock.ts";

/**
 * All that the engine takes from the world outside: time, randomness, ids, timers, processes, files. Nothing else in core
 * reads a clock or draws a number, so that an engine can be run on made-up ones.
 */
export interface Environment extends Clock {
  /** A UUIDv7. */
  newId(): string;
  /** A random id that tells nothing. */
  newIncarnation(): string;
  /** Bytes that nobody can foresee. */
  randomBytes(count: number): Uint8Array;
  /** Starts the thread that beats, before there is a node for it. */
  readyPulse(): void;
  /** Has that thread beat for a node, and starts it if there is none. */
  startPulse(order: PulseOrder, hear: (word: PulseWord) => void): Pulse;
  /** The version of the runtime's time zone data, such as `2025c`; null: it has none. */
  readonly timeZones: string | null;
  readonly processes: {
    self(): ProcessIdentity;
    /** Whether this process still lives; undefined: it is on another machine, or on this one before it was started anew. */
    isAlive(process: ProcessIdentity): boolean | undefined;
    /** Ends what carries the mark of a process of this machine that has died. Answers how many it ended. */
    endOrphans(): Promise<number>;
    /** The mark of this process, for the environment of what it starts: by it what it leaves running is found and ended. */
    readonly mark: Readonly<Record<string, string>>;
    /** Starts a program, with the mark of this process. */
    spawn(command: string, args: readonly string[], options: SpawnOptions): ChildProcess;
    /** Ends a whole process group at once, named by its leader's pid. */
    killGroup(pid: number): void;
    /** The environment variables of this process. */
    readonly variables: Readonly<Record<string, string | undefined>>;
  };
  readonly files: {
    /** Makes a new empty directory for one attempt. */
    makeWorkspace(name: string): Promise<string>;
    remove(path: string): Promise<void>;
    /** Removes a directory if it is there, and empty. */
    removeEmpty(directory: string): Promise<void>;
    readText(path: string): Promise<string>;
    /** Who may do what with a file, links followed, as the system's number; undefined: there is none. */
    modeOf(path: string): Promise<number | undefined>;
    /** Writes a new file that only its owner can read, and waits until it is on the disk; fails when there is something. */
    writePrivate(path: string, text: string): Promise<void>;
    /** Makes a directory, and those above it that are missing. */
    makeDirectory(path: string): Promise<void>;
    /** The path with all links followed; fails when there is nothing. */
    realPath(path: string): Promise<string>;
    /** What stands at a path, a link not followed; undefined: nothing. */
    kindOf(path: string): Promise<FileKind | undefined>;
    /** How many bytes the files in a directory, and below it, have together; links are not followed. */
    sizeOf(directory: string): Promise<number>;
    /** The names in a directory. */
    list(directory: string): Promise<readonly string[]>;
    /** What stands in a directory, links not followed. */
    entries(directory: string): Promise<readonly Entry[]>;
    /** Holds on to a directory, links followed: whatever stands at its path later, this one is meant. */
    hold(directory: string): Promise<HeldDirectory>;
    /** Gives a file another path, also that of another file, which is replaced; on another device it is copied. */
    move(from: string, to: string): Promise<void>;
    /** Gives a file a second path. */
    link(from: string, to: string): Promise<void>;
    /** Waits until what was written to a file, or the names in a directory, would outlive a loss of power. */
    flush(path: string): Promise<void>;
  };
}

export interface HeldDirectory {
  /** Where it stood when it was taken, without links. */
  readonly path: string;
  /** The path of a file in it, for as long as it is held. Where the system knows no open directories: by its name. */
  at(name: string): string;
  release(): Promise<void>;
}

/** What a path names, when a link there is not followed. */
export type FileKind = "file" | "directory" | "link" | "other";

/** The machine as it is. */
export function systemEnvironment(options: { readonly workDir?: string } = {}): Environment {
  const mark = ownMark();
  return {
    ...systemClock,
    newId: createIds({ now: systemClock.now, randomHex: (bytes) => randomBytes(bytes).toString("hex") }),
    newIncarnation: () => randomUUID(),
    randomBytes: (count) => randomBytes(count),
    readyPulse,
    startPulse,
    timeZones: process.versions.tz ?? null,
    processes: {
      self,
      isAlive,
      endOrphans,
      mark,
      spawn: (command, args, { env = process.env, ...others }) =>
        spawn(command, [...args], { ...others, env: { ...env, ...mark } }),
      killGroup: (pid) => void process.kill(-pid, "SIGKILL"),
      variables: process.env,
    },
    files: {
      makeWorkspace: async (name) => {
        const parent = options.workDir ?? tmpdir();
        await mkdir(parent, { recursive: true });
        return mkdtemp(join(parent, `callsheet-${name}-`));
      },
      remove: (path) => rm(path, { recursive: true, force: true }),
      removeEmpty,
      readText: (path) => readFile(path, "utf8"),
      modeOf,
      writePrivate,
      makeDirectory: async (path) => void (await mkdir(path, { recursive: true })),
      realPath: (path) => realpath(path),
      kindOf,
      sizeOf,
      list: (directory) => readdir(directory),
      entries,
      hold,
      move,
      link,
      flush,
    },
  };
}

async function entries(directory: string): Promise<readonly Entry[]> {
  const found = await readdir(directory, { withFileTypes: true, encoding: "buffer" });
  return found.map((entry) => ({
    name: entry.name.toString("utf8"),
    kind: kindOfEntry(entry),
    isText: isUtf8(entry.name),
  }));
}

function kindOfEntry(entry: Pick<Dirent, "isFile" | "isDirectory" | "isSymbolicLink">): FileKind {
  if (entry.isFile()) return "file";
  if (entry.isDirectory()) return "directory";
  return entry.isSymbolicLink() ? "link" : "other";
}

async function kindOf(path: string): Promise<FileKind | undefined> {
  try {
    return kindOfEntry(await lstat(path));
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

const STAYS: readonly unknown[] = ["ENOENT", "ENOTEMPTY", "EEXIST", "ENOTDIR"];

async function removeEmpty(directory: string): Promise<void> {
  await rmdir(directory).catch((error) => {
    if (!STAYS.includes(codeOf(error))) throw error;
  });
}

async function modeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).mode;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

async function writePrivate(path: string, text: string): Promise<void> {
  const file = await open(path, "wx", 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function sizeOf(directory: string): Promise<number> {
  const entries = await readdir(directory, { withFileTypes: true });
  const sizes = entries.map(async (entry) => {
    const path = join(directory, entry.name);
    // What was there a moment ago may be gone.
    const size = entry.isDirectory() ? sizeOf(path) : lstat(path).then((facts) => facts.size);
    return size.catch(() => 0);
  });
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

async function move(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (codeOf(error) !== "EXDEV") throw error;
    // What stands there may be a link, which a copy would follow.
    await rm(to, { force: true });
    await copyFile(from, to, constants.COPYFILE_EXCL);
    await rm(from);
  }
}

async function hold(directory: string): Promise<HeldDirectory> {
  if (process.platform !== "linux") {
    const path = await realpath(directory);
    return { path, at: (name) => join(path, name), release: async () => {} };
  }
  const handle = await open(directory, constants.O_RDONLY | constants.O_DIRECTORY);
  const held = `/proc/self/fd/${handle.fd}`;
  const path = await readlink(held);
  return { path, at: (name) => `${held}/${name}`, release: () => handle.close() };
}

async function flush(path: string): Promise<void> {
  const file = await open(path, "r");
  try {
    await file.sync();
  } catch (error) {
    // Some network file systems cannot do it for a directory.
    if (codeOf(error) !== "EINVAL" && codeOf(error) !== "ENOTSUP") throw error;
  } finally {
    await file.close();
  }
}

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code;
