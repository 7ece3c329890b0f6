import { createHash } from "node:crypto";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { basename } from "node:path";
import { pidState } from "./process-identity.ts";

/** Whether a pid is a server of this directory; "unknown" where the system does not tell. */
export type Belonging = "ours" | "other" | "gone" | "unknown";

/** What can be seen of a process. Working directory and program are closed to root without CAP_SYS_PTRACE, as in containers. */
export interface ProcessFacts {
  readonly directory: string | undefined;
  readonly program: string | undefined;
  /** The command line, which the server's children replace by a title. */
  readonly command: readonly string[];
}

/** The name that the titles of a server's children carry. */
export function clusterName(cluster: string): string {
  return `callsheet-${createHash("sha256").update(cluster).digest("hex").slice(0, 12)}`;
}

/** Judges one process. A server works in its data directory all its life, and so do its children. */
export function judgeProcess(facts: ProcessFacts, cluster: string): Exclude<Belonging, "gone"> {
  const [program = "", ...rest] = facts.command;
  // One that was spawned just now is not in its directory yet.
  if (isPostgres(facts.program ?? program) && rest[rest.indexOf("-D") + 1] === cluster) return "ours";
  if (facts.directory !== undefined && facts.program !== undefined) {
    return facts.directory === cluster && isPostgres(facts.program) ? "ours" : "other";
  }
  if (program.startsWith(`postgres: ${clusterName(cluster)}: `)) return "ours";
  return isPostgres(program) || program.startsWith("postgres:") || program === "" ? "unknown" : "other";
}

export function belonging(pid: number, cluster: string): Belonging {
  if (pidState(pid) === "none") return "gone";
  if (process.platform !== "linux") return "unknown";
  const judged = judgeProcess(factsOf(pid), cluster);
  return judged === "unknown" && pidState(pid) === "none" ? "gone" : judged;
}

/** The pids of all server processes that work in this directory, children of a killed one included. */
export function processesIn(cluster: string): readonly number[] | "hidden" {
  if (process.platform !== "linux") return "hidden";
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => judgeProcess(factsOf(pid), cluster) === "ours" && pidState(pid) !== "none");
}

function isPostgres(program: string): boolean {
  // The kernel adds " (deleted)" when the file was replaced by an upgrade.
  return ["postgres", "postmaster"].includes(basename(program.replace(/ \(deleted\)$/, "")));
}

function factsOf(pid: number): ProcessFacts {
  return { directory: linkOf(pid, "cwd"), program: linkOf(pid, "exe"), command: commandOf(pid) };
}

function linkOf(pid: number, name: "cwd" | "exe"): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/${name}`);
  } catch {
    return undefined;
  }
}

function commandOf(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
  } catch {
    return [];
  }
}
