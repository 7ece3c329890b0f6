import { readdirSync, readlinkSync } from "node:fs";
import { basename } from "node:path";
import { pidState } from "./process-identity.ts";

/** Whether a pid is a server of this directory; "unknown" where the system does not tell. */
export type Belonging = "ours" | "other" | "gone" | "unknown";

/** A server process works in its data directory, all its life and so do its children. */
export function belonging(pid: number, cluster: string): Belonging {
  if (pidState(pid) === "none") return "gone";
  if (process.platform !== "linux") return "unknown";
  const directory = linkOf(pid, "cwd");
  const program = linkOf(pid, "exe");
  if (directory === undefined || program === undefined) return pidState(pid) === "none" ? "gone" : "unknown";
  return directory === cluster && isPostgres(program) ? "ours" : "other";
}

/** The pids of all server processes that work in this directory, children of a killed one included. */
export function processesIn(cluster: string): readonly number[] {
  if (process.platform !== "linux") return [];
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => linkOf(pid, "cwd") === cluster && isPostgres(linkOf(pid, "exe") ?? ""));
}

function isPostgres(program: string): boolean {
  // The kernel adds " (deleted)" when the file was replaced by an upgrade.
  return ["postgres", "postmaster"].includes(basename(program.replace(/ \(deleted\)$/, "")));
}

function linkOf(pid: number, name: "cwd" | "exe"): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/${name}`);
  } catch {
    return undefined;
  }
}
