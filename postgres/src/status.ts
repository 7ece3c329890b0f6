import { stat } from "node:fs/promises";
import { connectionUrl, readConnection } from "./connection-file.ts";
import { PostgresError, systemCode } from "./errors.ts";
import { explainingPlace, findHome, type Home } from "./home.ts";
import { lockHolder, takeLock } from "./lock-file.ts";
import { observe } from "./observe.ts";
import { deadlineIn } from "./pause.ts";
import { openPrivateServer, type PrivateServerOptions } from "./server.ts";
import { forgetKeeping, isKept, keepRunning, stopFast } from "./stop.ts";
import { presentUsers } from "./users.ts";

/** How a private server stands. */
export interface ServerStatus {
  /** "absent": no database there yet. "unclear": a process holds it that does not answer, or not to us. */
  readonly state: "absent" | "stopped" | "starting_or_stopping" | "running" | "unclear";
  readonly dataDir: string;
  /** Of the running server. */
  readonly version: string | undefined;
  readonly pid: number | undefined;
  /** How to connect; only while it runs. Holds the password. */
  readonly url: string | undefined;
  /** Whether it stays when its last user leaves. */
  readonly staysRunning: boolean;
  /** The pids that use it. */
  readonly userPids: readonly number[];
  /** The process that is opening or closing it just now. */
  readonly openerPid: number | undefined;
  readonly logFile: string;
}

/** Starts the server, or takes the running one, and lets it run when nobody uses it. */
export async function startDetached(options: PrivateServerOptions): Promise<ServerStatus> {
  const server = await openPrivateServer(options);
  try {
    const home = await existingHome(options.dataDir);
    await keepRunning(home);
  } finally {
    await server.close();
  }
  return serverStatus(options.dataDir);
}

/** How a private server is stopped. */
export interface StopOptions {
  /** What to do when processes use it. Default "refuse", with `server_in_use` and their pids. */
  readonly whenUsed?: "refuse" | "stop";
  /** Default 60,000. */
  readonly timeoutMs?: number;
}

/** Stops the server of a data directory; "not_running" if there is none. */
export function stopServer(dataDir: string, options: StopOptions = {}): Promise<"stopped" | "not_running"> {
  return explainingPlace(dataDir, () => stop(dataDir, options));
}

async function stop(dataDir: string, options: StopOptions): Promise<"stopped" | "not_running"> {
  const home = await findHome(dataDir);
  if (!home || !(await hasBeenUsed(home))) return "not_running";
  const deadline = deadlineIn(options.timeoutMs ?? 60_000);
  const lock = await takeLock(home.lock, deadline);
  try {
    const users = (await presentUsers(home.users)).map((user) => user.pid);
    if (users.length > 0 && options.whenUsed !== "stop") throw usedError(users);
    await forgetKeeping(home);
    const outcome = await stopFast(home, deadline);
    if (outcome === "not_stopped") throw unclearError(home);
    return outcome;
  } finally {
    await lock.release();
  }
}

/** What can be seen of the server of a data directory, without changing or locking anything. */
export function serverStatus(dataDir: string): Promise<ServerStatus> {
  return explainingPlace(dataDir, () => look(dataDir));
}

async function look(dataDir: string): Promise<ServerStatus> {
  const home = await findHome(dataDir);
  if (!home) return nothingAt(dataDir);
  const seen = await observe(home);
  const isRunning = seen.answer === "ours";
  const connection = isRunning ? await readConnection(home) : undefined;
  return {
    state: stateOf(seen),
    dataDir: home.root,
    version: seen.version,
    pid: isRunning && typeof seen.postmaster === "object" ? seen.postmaster.pid : undefined,
    url: connection && connectionUrl(connection),
    staysRunning: isRunning && (await isKept(home)),
    userPids: (await presentUsers(home.users)).map((user) => user.pid),
    openerPid: (await lockHolder(home.lock))?.pid,
    logFile: home.log,
  };
}

function stateOf(seen: Awaited<ReturnType<typeof observe>>): ServerStatus["state"] {
  if (seen.cluster === "absent") return "absent";
  if (seen.answer === "ours") return "running";
  if (seen.answer === "not_ready") return "starting_or_stopping";
  const pids = seen.others === "hidden" ? [] : seen.others;
  const isHeld = seen.belonging === "ours" || seen.belonging === "unknown" || pids.length > 0;
  if (!isHeld) return "stopped";
  const isStarting = typeof seen.postmaster !== "object" || ["", "starting"].includes(seen.postmaster.status);
  return seen.answer === "silent" && isStarting ? "starting_or_stopping" : "unclear";
}

function nothingAt(dataDir: string): ServerStatus {
  return {
    state: "absent",
    dataDir,
    version: undefined,
    pid: undefined,
    url: undefined,
    staysRunning: false,
    userPids: [],
    openerPid: undefined,
    logFile: "",
  };
}

async function existingHome(dataDir: string): Promise<Home> {
  const home = await findHome(dataDir);
  if (!home) throw new Error("the home of an open server exists");
  return home;
}

/** A directory in which nobody ever opened a server gets no lock either. */
async function hasBeenUsed(home: Home): Promise<boolean> {
  return stat(home.lock).then(
    () => true,
    (error) => systemCode(error) !== "ENOENT",
  );
}

function usedError(pids: readonly number[]): PostgresError {
  return new PostgresError(
    "server_in_use",
    `The server is used by process ${pids.join(", ")}.`,
    "Stop these processes first, or ask to stop it all the same; they lose their connections then.",
  );
}

function unclearError(home: Home): PostgresError {
  return new PostgresError(
    "server_stop_failed",
    `It is not certain whose process the server in ${home.cluster} is, so it was not stopped.`,
    "Stop it on the system where it was started.",
  );
}
