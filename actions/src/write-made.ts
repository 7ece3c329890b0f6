import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { codeOf, failure, quoted } from "./failure.ts";

/** Writes a file that was made into the attempt's workspace. Fails with `disk_full` when there is no room. */
export async function writeMade(cwd: string, file: string, content: Uint8Array): Promise<void> {
  await writeFile(join(cwd, file), content).catch((error: unknown) => {
    const code = codeOf(error);
    if (code !== "ENOSPC" && code !== "EDQUOT") throw error;
    throw failure("disk_full", `The disk is full: ${quoted(cwd)} has no room for what is made there.`, error);
  });
}
