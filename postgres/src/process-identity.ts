import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { systemCode } from "./errors.ts";

/** Names one process for ever: pids are reused, pid + start time + boot is not. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly startTime: string;
  readonly bootId: string;
  /** The pid namespace; in another one the pid means another process. */
  readonly namespace: string;
  /** Tells two users in one process apart. */
  readonly random: string;
}

export type Liveness = "live" | "dead" | "unknown";

/** What is known of a pid now: its start time, that there is none, or that it may not be looked at. */
export type PidState = { readonly startTime: string } | "none" | "hidden";

/** Judges an identity from facts. A process of another pid namespace of this boot cannot be judged. */
export function judgeLiveness(
  identity: ProcessIdentity,
  here: { readonly bootId: string; readonly namespace: string },
  state: PidState,
): Liveness {
  if (identity.bootId !== here.bootId) return "dead";
  if (identity.namespace !== here.namespace) return "unknown";
  if (state === "none") return "dead";
  if (state === "hidden") return "unknown";
  return state.startTime === identity.startTime ? "live" : "dead";
}

/** The start time in clock ticks from the text of /proc/<pid>/stat; undefined for a zombie. */
export function parseProcStat(text: string): string | undefined {
  // The command stands in parentheses and may itself hold spaces and parentheses.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" || fields[0] === "X" ? undefined : fields[19];
}

/** The identity of this process, with a fresh random part. */
export function ownIdentity(): ProcessIdentity {
  const state = pidState(process.pid);
  return {
    pid: process.pid,
    startTime: typeof state === "object" ? state.startTime : "unknown",
    ...whereabouts(),
    random: randomBytes(6).toString("hex"),
  };
}

export function livenessOf(identity: ProcessIdentity): Liveness {
  return judgeLiveness(identity, whereabouts(), pidState(identity.pid));
}

export function pidState(pid: number): PidState {
  return process.platform === "linux" ? linuxPidState(pid) : otherPidState(pid);
}

function linuxPidState(pid: number): PidState {
  try {
    const startTime = parseProcStat(readFileSync(`/proc/${pid}/stat`, "utf8"));
    return startTime === undefined ? "none" : { startTime };
  } catch {
    return pidExists(pid) ? "hidden" : "none";
  }
}

function otherPidState(pid: number): PidState {
  const shown = spawnSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" });
  const startTime = shown.stdout?.trim();
  if (startTime) return { startTime };
  return pidExists(pid) ? "hidden" : "none";
}

function pidExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) === "EPERM";
  }
}

let known: { readonly bootId: string; readonly namespace: string } | undefined;

function whereabouts(): { readonly bootId: string; readonly namespace: string } {
  known ??= { bootId: readBootId(), namespace: readNamespace() };
  return known;
}

function readBootId(): string {
  if (process.platform === "linux") return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  const shown = spawnSync("sysctl", ["-n", "kern.bootsessionuuid"], { encoding: "utf8" });
  return shown.stdout?.trim() || "unknown";
}

function readNamespace(): string {
  try {
    return readlinkSync("/proc/self/ns/pid");
  } catch {
    return "only";
  }
}
