import type { FileHandle } from "node:fs/promises";
import { readlink } from "node:fs/promises";

/** The path of an open file as the system knows it, whatever stands by now at the one it was opened by; undefined where it cannot tell. */
export async function placeOf({ fd }: FileHandle): Promise<string | undefined> {
  return readlink(`/proc/self/fd/${fd}`).catch(() => undefined);
}
