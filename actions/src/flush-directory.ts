import { open } from "node:fs/promises";

/** Waits until the names in a directory would outlive a loss of power. Some network file systems cannot, and say so. */
export async function flushDirectory(path: string): Promise<void> {
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "EINVAL" && code !== "ENOTSUP") throw error;
  } finally {
    await directory.close();
  }
}
