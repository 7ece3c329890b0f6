import { lstat, realpath, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join, parse, resolve } from "node:path";
import { PostgresError, systemCode } from "./errors.ts";
import { networkFileSystemOf } from "./filesystem.ts";
import { makeDirectory } from "./make-directory.ts";
import { nameOfUser, type ServerUser } from "./run-as.ts";

/** Where everything of one private server lies. Only `cluster` belongs to PostgreSQL; the rest is ours. */
export interface Home {
  readonly root: string;
  readonly cluster: string;
  readonly lock: string;
  readonly users: string;
  readonly sockets: string;
  readonly connection: string;
  readonly keep: string;
  readonly log: string;
  readonly configuration: string;
}

function homeAt(root: string): Home {
  return {
    root,
    cluster: join(root, "pg"),
    lock: join(root, "lock"),
    users: join(root, "users"),
    sockets: join(root, "run"),
    connection: join(root, "connection.json"),
    keep: join(root, "keep-running.json"),
    log: join(root, "server.log"),
    configuration: join(root, "postgresql.conf"),
  };
}

/** Where data goes when nobody says: $XDG_DATA_HOME/callsheet, ~/.local/share/callsheet, or /var/lib/callsheet for root. */
export function defaultDataDir(env: NodeJS.ProcessEnv): string {
  if (process.geteuid?.() === 0) return "/var/lib/callsheet";
  const data = env.XDG_DATA_HOME;
  // The XDG rules say that a relative path there is to be ignored.
  return data?.startsWith("/") ? join(data, "callsheet") : join(env.HOME || homedir(), ".local/share/callsheet");
}

/** Finds the home without making or changing anything; undefined if there is none. */
export async function findHome(dataDir: string): Promise<Home | undefined> {
  try {
    return homeAt(await realpath(resolve(dataDir)));
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(systemCode(error))) return undefined;
    throw unwritable(dataDir, error);
  }
}

/** Makes the home if it is missing, and refuses one that is not ours or lies where a database must not. */
export async function prepareHome(dataDir: string): Promise<Home> {
  const uid = process.geteuid?.() ?? -1;
  const path = resolve(dataDir);
  try {
    // As root the server's user must be able to pass through; what is secret has a mode of its own.
    await makeDirectory(path, uid === 0 ? 0o755 : 0o700);
  } catch (error) {
    throw unwritable(path, error);
  }
  const home = homeAt(await realpath(path));
  const facts = await stat(home.root);
  if (!facts.isDirectory()) throw unwritable(path, undefined);
  if (facts.uid !== uid) throw foreignOwner(home.root, facts.uid);
  const network = await networkFileSystemOf(home.root);
  if (network !== undefined) throw onNetwork(home.root, network);
  const inside = await lstat(join(home.root, "PG_VERSION")).catch(() => undefined);
  if (inside) throw foreignCluster(home.root, "holds the database of another PostgreSQL server");
  return home;
}

/** The owner of the database's own directory, if there is one. */
export async function ownerOf(path: string): Promise<number | undefined> {
  return (await lstat(path).catch(() => undefined))?.uid;
}

/** Refuses a database directory of another owner; nothing is ever chowned to make it fit. */
export function refuseForeignOwner(path: string, owner: number | undefined, user: ServerUser): void {
  if (owner !== undefined && owner !== user.uid) throw foreignOwner(path, owner);
}

/** Refuses a place whose parents the server's user may not pass. */
export async function refuseUnreachable(path: string, user: ServerUser): Promise<void> {
  if (!user.switch) return;
  for (let at = path; at !== parse(at).root; at = dirname(at)) {
    const { mode, uid, gid } = await stat(at);
    if (mayPass({ mode, uid, gid }, user)) continue;
    throw new PostgresError(
      "data_directory_unreachable",
      `The server runs as user ${user.name}, who may not enter ${at}.`,
      `Choose a data directory outside ${at}, such as /var/lib/callsheet.`,
    );
  }
}

/** Whether a user without further groups may pass through a directory. */
export function mayPass(
  directory: { readonly mode: number; readonly uid: number; readonly gid: number },
  user: { readonly uid: number; readonly gid: number },
): boolean {
  if (directory.uid === user.uid) return (directory.mode & 0o100) !== 0;
  if (directory.gid === user.gid) return (directory.mode & 0o010) !== 0;
  return (directory.mode & 0o001) !== 0;
}

export function foreignCluster(path: string, what: string): PostgresError {
  return new PostgresError(
    "data_directory_foreign",
    `${path} ${what}.`,
    "Choose another data directory; nothing in this one was changed.",
  );
}

function foreignOwner(path: string, owner: number): PostgresError {
  const name = nameOfUser(owner);
  return new PostgresError(
    "data_directory_foreign",
    `${path} belongs to ${name}, not to the user who runs this.`,
    `Run as ${name}, or choose another data directory; nothing was changed.`,
  );
}

function onNetwork(path: string, system: string): PostgresError {
  return new PostgresError(
    "data_directory_network",
    `${path} lies on a network file system (${system}), where a database can be damaged.`,
    "Choose a data directory on a local disk, or set DATABASE_URL to a PostgreSQL server.",
  );
}

/** Gives the system's refusals below a data directory one sentence; other errors are left as they are. */
export async function explainingPlace<Result>(path: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof PostgresError || !PLACE_CODES.includes(systemCode(error))) throw error;
    throw unwritable(path, error);
  }
}

const PLACE_CODES: readonly string[] = ["EACCES", "EPERM", "EROFS", "ENOSPC", "EDQUOT", "EIO", "ENOTDIR", "EMFILE"];

function unwritable(path: string, cause: unknown): PostgresError {
  if (["ENOSPC", "EDQUOT"].includes(systemCode(cause))) {
    return new PostgresError(
      "data_directory_unwritable",
      `The disk that holds the data directory ${path} is full.`,
      "Free space on this disk, then start again; nothing was lost.",
      cause,
    );
  }
  return new PostgresError(
    "data_directory_unwritable",
    `The data directory ${path} cannot be made, read or written (${systemCode(cause) || "it is not a directory"}).`,
    "Choose another data directory, or correct its permissions.",
    cause,
  );
}
