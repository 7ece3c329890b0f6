import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { systemCode } from "./errors.ts";

/** What a running server writes into its data directory. */
export interface PostmasterFile {
  readonly pid: number;
  readonly dataDirectory: string;
  readonly startedAtSeconds: number;
  readonly port: number;
  readonly socketDirectory: string;
  readonly address: string;
  /** "starting", "ready", "stopping", "standby", or "" while the file is not complete. */
  readonly status: string;
}

/** Reads postmaster.pid; a file without a usable pid, as a full disk leaves it, is undefined. */
export function parsePostmasterFile(text: string): PostmasterFile | undefined {
  const lines = text.split("\n").map((line) => line.trim());
  // A stand-alone backend writes its pid negated.
  const pid = Math.abs(Number.parseInt(lines[0] ?? "", 10));
  if (!Number.isSafeInteger(pid) || pid === 0) return undefined;
  return {
    pid,
    dataDirectory: lines[1] ?? "",
    startedAtSeconds: Number(lines[2] ?? "") || 0,
    port: Number(lines[3] ?? "") || 0,
    socketDirectory: lines[4] ?? "",
    address: lines[5] ?? "",
    status: lines[7] ?? "",
  };
}

export async function readPostmasterFile(cluster: string): Promise<PostmasterFile | "absent" | "broken"> {
  try {
    return parsePostmasterFile(await readFile(join(cluster, "postmaster.pid"), "utf8")) ?? "broken";
  } catch (error) {
    if (systemCode(error) === "ENOENT") return "absent";
    throw error;
  }
}
