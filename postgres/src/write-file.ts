import { randomBytes } from "node:crypto";
import { open, rename, unlink } from "node:fs/promises";
import { dirname } from "node:path";

/** Replaces a file in one step, readable by its owner only unless a mode is given; durable when it returns. */
export async function replaceFile(path: string, text: string, mode = 0o600): Promise<void> {
  const aside = `${path}.tmp-${process.pid}-${randomBytes(4).toString("hex")}`;
  try {
    await writeDurably(aside, text, mode);
    await rename(aside, path);
  } catch (error) {
    await unlink(aside).catch(() => undefined);
    throw error;
  }
  await syncDirectory(dirname(path));
}

/** Writes a new file and syncs it; fails with EEXIST if there is one, also if it is a link. */
export async function writeDurably(path: string, text: string, mode: number): Promise<void> {
  const file = await open(path, "wx", mode);
  try {
    // Whatever the umask: what the server's user must read is readable, what nobody must read is not.
    await file.chmod(mode);
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
