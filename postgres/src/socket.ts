import { createHash } from "node:crypto";
import { chown, lstat, mkdir, unlink } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import type { ServerUser } from "./run-as.ts";

/** How the server is reached: by a socket in a private directory, or by loopback with a password. */
export type Transport =
  | { readonly kind: "socket"; readonly directory: string; readonly port: number }
  | { readonly kind: "loopback"; readonly port: number };

/** Only a part of the socket's name, since nothing listens on TCP. */
const SOCKET_PORT = 5432;

/** The longest path of a socket in bytes: the system's field less its closing NUL. */
export function longestSocketPath(platform: NodeJS.Platform): number {
  return platform === "linux" ? 107 : 103;
}

export function socketPath(directory: string, port: number): string {
  return join(directory, `.s.PGSQL.${port}`);
}

/** Whether PostgreSQL can bind its socket there; its settings know only plain paths without commas. */
export function fitsSocket(directory: string, platform: NodeJS.Platform): boolean {
  // The lock file beside the socket is longer than the socket, but has no limit.
  const bytes = Buffer.byteLength(socketPath(directory, SOCKET_PORT));
  return bytes <= longestSocketPath(platform) && !directory.includes(",") && !directory.includes('"');
}

/** The directories to try, the best first: beside the data, else a short one of the same owner under /tmp. */
export function socketDirectories(home: string, beside: string, uid: number): readonly string[] {
  const mark = createHash("sha256").update(home).digest("hex").slice(0, 12);
  return [beside, join("/tmp", `callsheet-${uid}-${mark}`)];
}

/** Finds a way to reach a server that is about to start, making a private directory for its socket if it can. */
export async function chooseTransport(
  directories: readonly string[],
  user: ServerUser,
  lastPort: number | undefined,
): Promise<Transport> {
  for (const directory of directories) {
    if (!fitsSocket(directory, process.platform)) continue;
    if ((await isPrivate(directory, user)) && (await canListen(directory))) {
      await removeStale(directory);
      return { kind: "socket", directory, port: SOCKET_PORT };
    }
  }
  return { kind: "loopback", port: await freePort(lastPort) };
}

/** The lock beside a dead server's socket names a pid that may be somebody else's by now. */
async function removeStale(directory: string): Promise<void> {
  const path = socketPath(directory, SOCKET_PORT);
  await unlink(path).catch(() => undefined);
  await unlink(`${path}.lock`).catch(() => undefined);
}

/** Makes the directory for the server's user only; one that somebody else made is not used. */
async function isPrivate(directory: string, user: ServerUser): Promise<boolean> {
  try {
    await mkdir(directory, { mode: 0o700 });
    if (user.switch) await chown(directory, user.switch.uid, user.switch.gid);
  } catch {
    // It is there already, or cannot be made: what is there now decides.
  }
  return isPrivateNow(directory, user.uid);
}

/** Whether a directory is a real one, of this owner, closed to everybody else. */
async function isPrivateNow(directory: string, uid: number): Promise<boolean> {
  const facts = await lstat(directory).catch(() => undefined);
  return facts?.isDirectory() === true && facts.uid === uid && (facts.mode & 0o077) === 0;
}

/** Some file systems know no sockets: only trying tells. */
async function canListen(directory: string): Promise<boolean> {
  const path = join(directory, ".try");
  await unlink(path).catch(() => undefined);
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(path, () => server.close(() => resolve(true)));
  });
}

/** The port of last time if it is free, so that whoever knows it can come back; else any. */
async function freePort(lastPort: number | undefined): Promise<number> {
  return (lastPort !== undefined && (await bindable(lastPort))) || (await bindable(0)) || SOCKET_PORT;
}

function bindable(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(undefined));
    server.listen(port, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : undefined));
    });
  });
}
