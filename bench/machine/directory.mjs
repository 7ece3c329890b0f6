import { execFileSync } from "node:child_process";
import {
  chmodSync,
  closeSync,
  existsSync,
  fdatasyncSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  statfsSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { median, quantile } from "../measure/statistics.mjs";

const MEMORY_FILE_SYSTEMS = new Map([
  [0x01021994, "tmpfs"],
  [0x858458f6, "ramfs"],
]);

/**
 * A throw-away directory below `parent` that any user may enter, named for this process; what a killed run left there is
 * removed. Refused in memory, where fsync costs nothing.
 * @param {string} parent
 */
export function makeDirectory(parent) {
  const memory = MEMORY_FILE_SYSTEMS.get(statfsSync(parent).type);
  if (memory) throw new Error(`${parent} is a ${memory}: nothing is durable there; name another one with --data`);
  for (const name of readdirSync(parent)) {
    const [, owner] = /^callsheet-bench-(\d+)-/.exec(name) ?? [];
    if (owner !== undefined && !existsSync(`/proc/${owner}`)) removeDirectory(join(parent, name));
  }
  const directory = mkdtempSync(join(parent, `callsheet-bench-${process.pid}-`));
  chmodSync(directory, 0o711);
  return directory;
}

/** Removes a directory that a server which is just stopping may still write to. @param {string} directory */
export const removeDirectory = (directory) =>
  rmSync(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 20 });

/**
 * What one durable write of 8 KiB costs on this disk, in microseconds.
 * @param {string} directory
 */
export function measureSync(directory) {
  const file = join(directory, "sync-probe");
  const handle = openSync(file, "w");
  const page = Buffer.alloc(8192, 1);
  const times = [];
  for (let round = 0; round < 200; round += 1) {
    const start = performance.now();
    writeSync(handle, page, 0, page.length, 0);
    fdatasyncSync(handle);
    times.push((performance.now() - start) * 1000);
  }
  closeSync(handle);
  rmSync(file);
  return { medianUs: median(times), p99Us: quantile(times, 0.99) };
}

/**
 * The uid and gid to run a server as: the account's when we are root, else our own.
 * @param {readonly string[]} accounts tried in this order
 */
export function serverUser(accounts) {
  if (process.getuid() !== 0) return {};
  for (const account of accounts) {
    try {
      const id = (flag) => Number(execFileSync("id", [flag, account], { encoding: "utf8", stdio: "pipe" }));
      return { uid: id("-u"), gid: id("-g") };
    } catch {
      // no such account: try the next
    }
  }
  throw new Error(`a server may not run as root and there is no account ${accounts.join(" or ")}`);
}
