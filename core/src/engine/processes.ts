import { readFileSync, readlinkSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { hostname } from "node:os";
import { setImmediate, setTimeout } from "node:timers/promises";
import type { ProcessIdentity } from "../store/nodes.ts";

/** The environment variable by which a process tells which one started it, or started what started it. */
const MARK = "CALLSHEET_STARTED_BY";

/** How long a process may take to be gone once it was killed. */
const GONE_MS = 5_000;
const LOOK_MS = 10;
/** Processes that are looked at in one turn of the event loop. */
const AT_ONCE = 50;

/** This process. */
export function self(): ProcessIdentity {
  return { host: hostname(), bootId: numberSpace(), pid: process.pid, pidStarted: startOf(process.pid) ?? "" };
}

/** The mark that what this process starts carries in its environment. */
export function ownMark(): Readonly<Record<string, string>> {
  const { bootId, pid, pidStarted } = self();
  return { [MARK]: `${bootId} ${pid} ${pidStarted}` };
}

/** Whether a process still lives; undefined: its number means nothing here. */
export function isAlive(other: Omit<ProcessIdentity, "host">): boolean | undefined {
  if (other.bootId !== numberSpace()) return undefined;
  if (isLinux) return startOf(other.pid) === other.pidStarted;
  try {
    process.kill(other.pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/**
 * Ends the processes of this machine whose mark names a process that lives no more. A number is never enough: right before
 * it is killed a process must still be the one, by its start, whose mark was read. Where the system does not tell (no /proc),
 * none is found.
 */
export async function endOrphans(): Promise<number> {
  if (!isLinux) return 0;
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const killed: Killed[] = [];
  for (const [n, pid] of pids.entries()) {
    // Thousands may run here; who is waiting for this thread gets his turn.
    if (n % AT_ONCE === AT_ONCE - 1) await setImmediate();
    const one = endOrphan(pid);
    if (one !== undefined) killed.push(one);
  }
  const isLeft = () => killed.some(({ pid, started }) => startOf(pid) === started);
  for (let waitedMs = 0; isLeft() && waitedMs < GONE_MS; waitedMs += LOOK_MS) await setTimeout(LOOK_MS);
  return killed.length;
}

interface Killed {
  readonly pid: number;
  readonly started: string;
}

/** Kills a process if it is an orphan; answers which one that was. */
function endOrphan(pid: number): Killed | undefined {
  if (starterIn(pid) === undefined) return undefined;
  const started = startOf(pid);
  // Read again: what was read first may have been another's of the same number.
  const starter = starterIn(pid);
  if (started === undefined || starter === undefined || isAlive(starter) !== false) return undefined;
  if (startOf(pid) !== started) return undefined;
  try {
    process.kill(pid, "SIGKILL");
    return { pid, started };
  } catch {
    // It has ended by itself, or must not be ended by us.
    return undefined;
  }
}

/** Who started a process, by its mark. Reading it in place costs a quarter of what reading it aside does. */
function starterIn(pid: number): Omit<ProcessIdentity, "host"> | undefined {
  let variables: string;
  try {
    variables = readFileSync(`/proc/${pid}/environ`, "latin1");
  } catch {
    // Those of other users are not to be read, and not ours.
    return undefined;
  }
  const mark = variables
    .split("\0")
    .find((variable) => variable.startsWith(`${MARK}=`))
    ?.slice(MARK.length + 1);
  const [bootId, starter, pidStarted] = mark?.split(" ") ?? [];
  if (bootId === undefined || pidStarted === undefined) return undefined;
  return { bootId, pid: Number(starter), pidStarted };
}

const isLinux = process.platform === "linux";

/**
 * Among which processes a number means one: those of one start of one kernel, as far as this process sees them. Names of
 * machines say nothing: several may have the same one.
 */
function numberSpace(): string {
  space ??= isLinux
    ? `${readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()}/${readlinkSync("/proc/self/ns/pid")}`
    : `host:${hostname()}`;
  return space;
}

let space: string | undefined;

/** When a process was started, in clock ticks since boot: a number that nobody shares who gets its pid. Undefined: it has ended. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    // A zombie has ended; nobody has asked how.
    return fields[0] === "Z" || fields[0] === "X" ? undefined : fields[19];
  } catch {
    return undefined;
  }
}
