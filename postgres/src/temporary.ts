import { createHash } from "node:crypto";
import { chmod, lstat, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ownIdentity, pidState } from "./process-identity.ts";
import { openThrowawayServer, type PrivateServer, type PrivateServerOptions } from "./server.ts";
import { stopServer } from "./status.ts";

const PREFIX = "callsheet-tmp";

/**
 * Opens a server of its own in a new temporary directory, for tests: it does not wait for the disk. `close` stops it and
 * removes the directory. What processes that were killed left behind, servers included, is stopped and removed first.
 */
export async function openTemporaryServer(options: Omit<PrivateServerOptions, "dataDir"> = {}): Promise<PrivateServer> {
  await removeAbandoned();
  const directory = await makeTemporaryDirectory();
  try {
    const server = await openThrowawayServer({ ...options, dataDir: join(directory, "data") });
    const close = async () => {
      try {
        await server.close();
      } finally {
        await removeTemporary(directory);
      }
    };
    return { ...server, close };
  } catch (error) {
    await removeTemporary(directory);
    throw error;
  }
}

/** A directory whose name says which process it belongs to, so that a later one can tell that it was abandoned. */
export async function makeTemporaryDirectory(): Promise<string> {
  const { pid, startTime } = ownIdentity();
  const name = [PREFIX, pid, short(startTime), here()].join("-");
  const directory = await mkdtemp(join(tmpdir(), `${name}-`));
  // The server's user passes through it when we are root.
  await chmod(directory, process.geteuid?.() === 0 ? 0o711 : 0o700);
  return directory;
}

/** Stops the servers in and removes the temporary directories of this user's processes that no longer live. */
export async function removeAbandoned(): Promise<readonly string[]> {
  const names = (await readdir(tmpdir())).filter((name) => name.startsWith(`${PREFIX}-`));
  const abandoned: string[] = [];
  for (const name of names) {
    const path = join(tmpdir(), name);
    const facts = await lstat(path).catch(() => undefined);
    if (!facts?.isDirectory() || facts.uid !== process.geteuid?.() || !isAbandoned(name)) continue;
    await removeTemporary(path);
    abandoned.push(path);
  }
  return abandoned;
}

/** Stops what runs in a temporary directory and removes it. */
export async function removeTemporary(directory: string): Promise<void> {
  for (const name of await readdir(directory).catch(() => [])) {
    await stopServer(join(directory, name), { whenUsed: "stop" }).catch(() => undefined);
  }
  // A server that was killed leaves children that still write for a moment.
  await rm(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
}

function isAbandoned(name: string): boolean {
  const [pid, startTime, place] = name.slice(PREFIX.length + 1).split("-");
  if (pid === undefined || startTime === undefined || place === undefined) return false;
  const [boot, namespace] = [place.slice(0, 6), place.slice(6)];
  if (boot !== here().slice(0, 6)) return true;
  if (namespace !== here().slice(6)) return false;
  const state = pidState(Number(pid));
  return state === "none" || (typeof state === "object" && short(state.startTime) !== startTime);
}

function here(): string {
  const { bootId, namespace } = ownIdentity();
  return short(bootId) + short(namespace);
}

function short(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 6);
}
