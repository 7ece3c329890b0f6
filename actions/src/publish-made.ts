import type { JobContext } from "@callsheet/contract";
import { codeOf, failure, quoted } from "./failure.ts";
import { outside } from "./output-path.ts";

/**
 * Publishes a file that was made at a path that `outputPath` has allowed. Fails with `outside_roots` when a directory above it
 * was exchanged since, so that it would appear elsewhere, and with `disk_full` when there is no room for it.
 */
export async function publishMade(context: JobContext, file: string, path: string): Promise<void> {
  const appearing = await context.publish(file, path).catch((error: unknown) => {
    throw hasNoRoom(error) ? failure("disk_full", `The disk is full: ${quoted(path)} found no room.`, error) : error;
  });
  if (appearing !== path) throw outside(path);
}

function hasNoRoom(error: unknown): boolean {
  if (codeOf(error) !== "publish_failed") return false;
  const { details } = error as { readonly details?: { readonly reason?: unknown } };
  return details?.reason === "ENOSPC" || details?.reason === "EDQUOT";
}
