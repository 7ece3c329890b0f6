import { type Connection, connectionFor, connectionUrl, saveConnection } from "./connection-file.ts";
import { readSecrets, removeUnfinished } from "./directory.ts";
import { PostgresError } from "./errors.ts";
import { explainingPlace, type Home, prepareHome } from "./home.ts";
import { takeLock } from "./lock-file.ts";
import { capLog } from "./log-file.ts";
import { bringUp, type OpenContext, type Running } from "./open-server.ts";
import { deadlineIn, every } from "./pause.ts";
import { readPostmasterFile } from "./postmaster-file.ts";
import type { Durability } from "./settings.ts";
import { isKept, stopFast } from "./stop.ts";
import {
  forgetDeadUsers,
  forgetUnknownUsers,
  presentUsers,
  type Registration,
  register,
  reregister,
  unregister,
} from "./users.ts";

/** Where a private server lies, which PostgreSQL runs it, and who is told. */
export interface PrivateServerOptions {
  /** Where everything of the server lies; made if it is missing. */
  readonly dataDir: string;
  /** The `bin` directory of a PostgreSQL ≥ 15 to use instead of CALLSHEET_POSTGRES_BIN and the npm package. */
  readonly binDir?: string;
  /** Told what takes long, a line at a time. Default: nobody. */
  readonly log?: (line: string) => void;
  /** Gives up waiting; what was started by then is stopped again. */
  readonly signal?: AbortSignal;
  /** How long to wait for another opener, and for a server that starts or recovers. Default 120,000. */
  readonly timeoutMs?: number;
  /** "avoid" listens on the loopback with a password, as where sockets are not possible. Default "prefer". */
  readonly sockets?: "prefer" | "avoid";
  /** Default process.env. */
  readonly env?: NodeJS.ProcessEnv;
}

export interface ReviveOptions {
  /** What to do about a server that did not die but was stopped. Default "start". */
  readonly whenStopped?: "start" | "refuse";
}

/** One use of the machine's private server. */
export interface PrivateServer {
  /** What `pg` needs to connect, as an ordinary role that owns the database. */
  readonly connection: Connection;
  /** The same as a URL that `pg` accepts. */
  readonly url: string;
  /** Such as "18.4". */
  readonly version: string;
  readonly dataDir: string;
  /**
   * Starts the server again if it is gone, and returns when it answers; the connection facts stay the same. One that
   * somebody stopped in order can be left alone: refused with `server_stopped`.
   */
  revive(options?: ReviveOptions): Promise<void>;
  /** Leaves. The last user that leaves stops the server, unless it was started to stay. Safe twice. */
  close(): Promise<void>;
}

const LOG_CHECK_MS = 30_000;
const DEFAULT_TIMEOUT_MS = 120_000;

/** Opens the private server of a data directory: starts it, adopts the running one, or waits for one that starts. */
export function openPrivateServer(options: PrivateServerOptions): Promise<PrivateServer> {
  return open(options, "full");
}

/** The same for data that nobody keeps: it does not wait for the disk, and a crash of the machine may lose all of it. */
export function openThrowawayServer(options: PrivateServerOptions): Promise<PrivateServer> {
  return open(options, "none");
}

async function open(options: PrivateServerOptions, durability: Durability): Promise<PrivateServer> {
  const { context, opened } = await explainingPlace(options.dataDir, () => enter(options, durability));
  const { root } = context.home;
  const endLogCheck = every(LOG_CHECK_MS, () => void capLog(context.home.log).catch(() => undefined));
  let closing: Promise<void> | undefined;
  return {
    connection: opened.connection,
    url: connectionUrl(opened.connection),
    version: opened.running.version,
    dataDir: root,
    revive: ({ whenStopped = "start" } = {}) =>
      explainingPlace(root, () => reviveServer(context, opened, { ...options, whenStopped })),
    close() {
      endLogCheck();
      closing ??= explainingPlace(root, () => leave(context, opened.registration));
      return closing;
    },
  };
}

interface Opened {
  readonly registration: Registration;
  readonly running: Running;
  readonly connection: Connection;
}

/** Registers as a user and brings the server up, under the opener's lock. */
async function enter(
  options: PrivateServerOptions,
  durability: Durability,
): Promise<{ context: OpenContext; opened: Opened }> {
  refuseWindows();
  const home = await prepareHome(options.dataDir);
  const context: OpenContext = {
    home,
    env: options.env ?? process.env,
    binDir: options.binDir,
    sockets: options.sockets ?? "prefer",
    durability,
    deadline: deadlineIn(options.timeoutMs ?? DEFAULT_TIMEOUT_MS),
    signal: options.signal,
    log: options.log ?? (() => undefined),
  };
  const lock = await takeLock(home.lock, context.deadline, options.signal);
  try {
    await forgetDeadUsers(home.users);
    const registration = await register(home.users);
    try {
      return { context, opened: { registration, ...(await bringUpAndSave(context)) } };
    } catch (error) {
      await unregister(registration);
      if (error instanceof PostgresError && error.code === "aborted") await stopIfUnused(home);
      throw error;
    }
  } finally {
    await lock.release();
  }
}

async function bringUpAndSave(context: OpenContext): Promise<{ running: Running; connection: Connection }> {
  const running = await bringUp(context);
  // Another container that used the server before has either gone with it, or will revive it.
  if (running.origin === "started") await forgetUnknownUsers(context.home.users);
  const connection = connectionFor(running.address, await readSecrets(context.home));
  await saveConnection(context.home, connection);
  return { running, connection };
}

async function reviveServer(
  context: OpenContext,
  opened: Opened,
  options: PrivateServerOptions & Required<ReviveOptions>,
): Promise<void> {
  const { connection: known, registration } = opened;
  const deadline = deadlineIn(options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
  const lock = await takeLock(context.home.lock, deadline, options.signal);
  try {
    if (options.whenStopped === "refuse") await refuseStopped(context.home);
    const { connection } = await bringUpAndSave({ ...context, deadline });
    await reregister(registration);
    if (connection.host === known.host && connection.port === known.port) return;
  } finally {
    await lock.release();
  }
  throw new PostgresError(
    "server_start_failed",
    `The server came back at another address than ${known.host}, which is taken.`,
    "Close this server and open it again.",
  );
}

/** A server that is stopped removes its pid file; one that dies leaves it. Only under the opener's lock. */
async function refuseStopped(home: Home): Promise<void> {
  if ((await readPostmasterFile(home.cluster)) !== "absent") return;
  throw new PostgresError(
    "server_stopped",
    `The server in ${home.root} was stopped.`,
    "Start it again: callsheet db start.",
  );
}

async function leave(context: OpenContext, registration: Registration): Promise<void> {
  const { home } = context;
  const lock = await takeLock(home.lock, deadlineIn(60_000));
  try {
    await unregister(registration);
    await stopIfUnused(home);
  } finally {
    await lock.release();
  }
}

async function stopIfUnused(home: Home): Promise<void> {
  await forgetDeadUsers(home.users);
  if ((await presentUsers(home.users)).length > 0 || (await isKept(home))) return;
  await stopFast(home, deadlineIn(60_000));
  await removeUnfinished(home);
}

function refuseWindows(): void {
  if (process.platform !== "win32") return;
  throw new PostgresError(
    "platform_unsupported",
    "The private PostgreSQL does not run on Windows.",
    "Set DATABASE_URL to a PostgreSQL server, or run Callsheet in WSL.",
  );
}
