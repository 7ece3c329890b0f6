import { execFileSync } from "node:child_process";
import { cpus, release, totalmem } from "node:os";
import { measureSync } from "./directory.mjs";

/**
 * The machine and the versions that a result belongs to.
 * @param {{directory: string, servers: readonly any[], systems: readonly import("../systems/index.mjs").System[]}} what
 */
export function describe({ directory, servers, systems }) {
  const processors = cpus();
  return {
    date: new Date().toISOString(),
    commit: currentCommit(),
    machine: {
      cpu: processors[0]?.model.trim() ?? "unknown",
      cores: processors.length,
      memoryGb: Math.round(totalmem() / 2 ** 30),
      kernel: release(),
      durableWriteUs: measureSync(directory),
    },
    node: process.version,
    servers: servers.map(({ label, settings }) => ({ label, settings })),
    systems: systems.map(({ name, version, store, settings }) => ({ name, version, store, settings })),
  };
}

function currentCommit() {
  try {
    return execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8", stdio: "pipe" }).trim();
  } catch {
    return "unknown";
  }
}
