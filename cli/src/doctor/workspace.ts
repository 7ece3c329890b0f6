import { constants } from "node:fs";
import { access, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { formatBytes } from "../amount.ts";
import { type Finding, ok, problem, warning } from "./finding.ts";

const FULL_BYTES = 100e6;
const LOW_BYTES = 2e9;

/** A finding about the directory in which attempts get their workspaces. */
export async function examineWorkspace(directory = tmpdir()): Promise<Finding> {
  const about = "Workspaces";
  try {
    await access(directory, constants.W_OK | constants.X_OK);
    const { bavail, bsize } = await statfs(directory);
    return judgeFree(directory, bavail * bsize);
  } catch {
    return problem(about, `${directory} cannot be written`, "Set TMPDIR to a directory that can.");
  }
}

export function judgeFree(directory: string, bytes: number): Finding {
  const found = `${directory}, ${formatBytes(bytes)} free`;
  if (bytes < FULL_BYTES) return problem("Workspaces", found, "Free space there, or set TMPDIR to a larger disk.");
  if (bytes < LOW_BYTES) return warning("Workspaces", found, "Set TMPDIR to a larger disk for large media.");
  return ok("Workspaces", found);
}
