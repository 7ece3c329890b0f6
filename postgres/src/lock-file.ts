import { link, mkdir, readdir, readFile, rename, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import { PostgresError, systemCode } from "./errors.ts";
import { parseIdentity, parseJson } from "./identity-file.ts";
import { type Deadline, pause } from "./pause.ts";
import { livenessOf, ownIdentity, type ProcessIdentity } from "./process-identity.ts";
import { writeDurably } from "./write-file.ts";

/** Held while one process decides about a data directory: starting, adopting, stopping. */
export interface OpenerLock {
  readonly release: () => Promise<void>;
}

interface Entry {
  readonly isHeld: boolean;
  readonly holder: ProcessIdentity | undefined;
}

/**
 * Takes the lock, waiting for a live holder until the deadline; then throws `data_directory_in_use` with its pid.
 *
 * The lock is a row of numbered files, of which the highest counts. A dead holder's lock is never removed and taken,
 * which two could do at once: the next number is created instead, and only one process can create it.
 */
export async function takeLock(directory: string, deadline: Deadline, signal?: AbortSignal): Promise<OpenerLock> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  for (;;) {
    const top = await highest(directory);
    const entry = top === 0 ? undefined : await readEntry(join(directory, numbered(top)));
    if (!entry?.isHeld || entry.holder === undefined || livenessOf(entry.holder) === "dead") {
      const lock = await tryNumber(directory, top + 1);
      if (lock) return lock;
      continue;
    }
    if (deadline.isPast()) throw heldError(directory, entry.holder);
    await pause(20, signal);
  }
}

/** The process that holds the lock now, if any lives. */
export async function lockHolder(directory: string): Promise<ProcessIdentity | undefined> {
  const top = await highest(directory);
  const entry = top === 0 ? undefined : await readEntry(join(directory, numbered(top)));
  if (!entry?.isHeld || entry.holder === undefined) return undefined;
  return livenessOf(entry.holder) === "dead" ? undefined : entry.holder;
}

async function tryNumber(directory: string, number: number): Promise<OpenerLock | undefined> {
  const holder = ownIdentity();
  const path = join(directory, numbered(number));
  const created = await place(directory, holder, "held", async (aside) => {
    await link(aside, path);
    await unlink(aside);
  });
  if (!created) return undefined;
  // Whoever read the directory long ago may have created a number that was used up and cleaned away meanwhile.
  if ((await highest(directory)) !== number) {
    await unlink(path).catch(() => undefined);
    return undefined;
  }
  await removeLower(directory, number);
  return { release: () => release(directory, path, holder) };
}

async function release(directory: string, path: string, holder: ProcessIdentity): Promise<void> {
  const entry = await readEntry(path);
  if (!entry?.isHeld || entry.holder?.random !== holder.random) return;
  await place(directory, holder, "free", (aside) => rename(aside, path));
}

async function place(
  directory: string,
  holder: ProcessIdentity,
  state: "held" | "free",
  move: (aside: string) => Promise<void>,
): Promise<boolean> {
  const aside = join(directory, `tmp-${holder.pid}-${holder.random}`);
  try {
    await writeDurably(aside, `${JSON.stringify({ state, holder })}\n`, 0o600);
    await move(aside);
    return true;
  } catch (error) {
    await unlink(aside).catch(() => undefined);
    if (systemCode(error) === "EEXIST") return false;
    throw error;
  }
}

async function readEntry(path: string): Promise<Entry | undefined> {
  try {
    const value = parseJson(await readFile(path, "utf8")) as { state?: unknown; holder?: unknown } | undefined;
    // A file without content is what a power cut leaves: entries appear whole or not at all.
    return { isHeld: value?.state === "held", holder: parseIdentity(value?.holder) };
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

async function highest(directory: string): Promise<number> {
  const names = await readdir(directory).catch(() => []);
  return Math.max(0, ...names.filter((name) => /^\d{12}$/.test(name)).map(Number));
}

async function removeLower(directory: string, number: number): Promise<void> {
  const own = await stat(join(directory, numbered(number)));
  for (const name of await readdir(directory)) {
    const path = join(directory, name);
    if (/^\d{12}$/.test(name) && Number(name) < number) await unlink(path).catch(() => undefined);
    if (!name.startsWith("tmp-")) continue;
    const age = own.mtimeMs - (await stat(path).catch(() => own)).mtimeMs;
    if (age > 60_000) await unlink(path).catch(() => undefined);
  }
}

function numbered(number: number): string {
  return String(number).padStart(12, "0");
}

function heldError(directory: string, holder: ProcessIdentity): PostgresError {
  if (livenessOf(holder) === "unknown") {
    return new PostgresError(
      "data_directory_in_use",
      `Process ${holder.pid} of another container is opening or closing this data directory, or died while it did.`,
      `Wait for it; if that container is gone for certain, remove ${directory} and start again.`,
    );
  }
  return new PostgresError(
    "data_directory_in_use",
    `Process ${holder.pid} is opening or closing this data directory and has not finished.`,
    `Wait for it, or end process ${holder.pid} if it hangs, then start again.`,
  );
}
