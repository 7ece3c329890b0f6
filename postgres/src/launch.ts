import { type ChildProcess, spawn } from "node:child_process";
import { totalmem } from "node:os";
import { join } from "node:path";
import type { Binaries } from "./binaries.ts";
import { readConnection } from "./connection-file.ts";
import { PostgresError, systemCode } from "./errors.ts";
import type { Home } from "./home.ts";
import { capLog, logSince, logSize, openLog } from "./log-file.ts";
import type { ServerUser } from "./run-as.ts";
import { asUser, programEnvironment } from "./run-program.ts";
import { configurationFile, type Durability, fixedSettings, serverArguments, tunedSettings } from "./settings.ts";
import { chooseTransport, socketDirectories } from "./socket.ts";
import { replaceFile } from "./write-file.ts";

/** A server that was spawned; it may still be starting, and may end at once. */
export interface Launched {
  readonly pid: number | undefined;
  /** Set when it ended: the reason from its log. */
  readonly ended: () => Promise<string | undefined>;
}

/** Starts the server in a session of its own, so that a signal for our terminal's group does not reach it. */
export async function launch(
  home: Home,
  binaries: Binaries,
  user: ServerUser,
  { sockets, durability }: { readonly sockets: "prefer" | "avoid"; readonly durability: Durability },
): Promise<Launched> {
  const directories = sockets === "prefer" ? socketDirectories(home.root, home.sockets, user.uid) : [];
  const last = await readConnection(home);
  const transport = await chooseTransport(directories, user, last?.host === "127.0.0.1" ? last.port : undefined);
  // The server's user must read it; it holds no secrets.
  await replaceFile(home.configuration, configurationFile(home.cluster, tunedSettings(memoryLimit())), 0o644);
  await capLog(home.log);
  const position = await logSize(home.log);
  const args = serverArguments(home.cluster, home.configuration, fixedSettings(transport, home.cluster, durability));
  const log = await openLog(home.log);
  try {
    const child = spawn(join(binaries.bin, "postgres"), args, {
      cwd: "/",
      env: programEnvironment(),
      detached: true,
      stdio: ["ignore", log.fd, log.fd],
      ...asUser(user),
    });
    child.unref();
    return watch(child, () => logSince(home.log, position));
  } catch (error) {
    throw spawnError(error);
  } finally {
    await log.close();
  }
}

function watch(child: ChildProcess, readLog: () => Promise<string>): Launched {
  let isOver = false;
  let failure: unknown;
  child.on("error", (error) => {
    failure = error;
  });
  child.on("exit", () => {
    isOver = true;
  });
  return {
    pid: child.pid,
    ended: async () => {
      if (failure) throw spawnError(failure);
      return isOver ? reasonFromLog(await readLog()) : undefined;
    },
  };
}

/** The last fatal line of a server's log, without its time stamp. */
export function reasonFromLog(log: string): string {
  const fatal = [...log.matchAll(/(?:FATAL|PANIC): +(.*)/g)].at(-1)?.[1];
  return fatal ?? log.trim().split("\n").at(-1)?.trim() ?? "it ended without a word";
}

/** Reasons that go away by waiting: another process starts the same directory, or a killed one's children still end. */
export function isPassing(reason: string): boolean {
  return /lock file ".*" (already exists|is empty)|shared memory block .* still in use/.test(reason);
}

function spawnError(error: unknown): PostgresError {
  const code = systemCode(error);
  if (code === "EPERM" || code === "EINVAL") {
    return new PostgresError(
      "setuid_refused",
      "The system refuses to run PostgreSQL as an unprivileged user.",
      "Run Callsheet as an ordinary user, or set DATABASE_URL.",
      error,
    );
  }
  return new PostgresError(
    "server_start_failed",
    `PostgreSQL could not be started (${code || String(error)}).`,
    "Correct the cause and start again.",
    error,
  );
}

/** The memory that this process may use: the machine's, or less in a container. */
function memoryLimit(): number {
  const limit = process.constrainedMemory?.() ?? 0;
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}
