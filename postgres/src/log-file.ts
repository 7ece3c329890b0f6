import { copyFile, open, readFile, stat, truncate } from "node:fs/promises";

/** The server's log is kept below this size, and once more as `server.log.1`. */
const LOG_LIMIT_BYTES = 8 * 1024 * 1024;

/** Moves the log aside when it has grown past the limit. The server appends, so it goes on in the emptied file. */
export async function capLog(path: string, limitBytes = LOG_LIMIT_BYTES): Promise<void> {
  const size = (await stat(path).catch(() => undefined))?.size ?? 0;
  if (size <= limitBytes) return;
  await copyFile(path, `${path}.1`);
  await truncate(path, 0);
}

/** Opens the log for a server about to start, and tells where its own lines will begin. */
export async function openLog(path: string): Promise<{ readonly fd: number; readonly close: () => Promise<void> }> {
  const file = await open(path, "a", 0o600);
  return { fd: file.fd, close: () => file.close() };
}

/** What the server logged after a position, or the end of it. */
export async function logSince(path: string, position: number): Promise<string> {
  const content = await readFile(path).catch(() => Buffer.alloc(0));
  return content.subarray(Math.min(position, content.length)).toString("utf8").slice(-20_000);
}

export async function logSize(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.size ?? 0;
}
