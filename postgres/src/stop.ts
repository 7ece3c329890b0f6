import { readFile, rmdir, unlink } from "node:fs/promises";
import { PostgresError } from "./errors.ts";
import type { Home } from "./home.ts";
import { parseJson } from "./identity-file.ts";
import { observe } from "./observe.ts";
import { type Deadline, deadlineIn, pause } from "./pause.ts";
import { type PostmasterFile, readPostmasterFile } from "./postmaster-file.ts";
import { belonging } from "./processes.ts";
import { replaceFile } from "./write-file.ts";

/** Marks the running server as one that stays when its last user leaves. */
export async function keepRunning(home: Home): Promise<void> {
  const file = await readPostmasterFile(home.cluster);
  if (typeof file !== "object") return;
  await replaceFile(home.keep, `${JSON.stringify(markOf(file))}\n`);
}

/** Whether the server that runs now was marked; a mark of an earlier one does not count. */
export async function isKept(home: Home): Promise<boolean> {
  const file = await readPostmasterFile(home.cluster).catch(() => "absent" as const);
  if (typeof file !== "object") return false;
  const mark = parseJson(await readFile(home.keep, "utf8").catch(() => "")) as Partial<Mark> | undefined;
  const own = markOf(file);
  return mark?.pid === own.pid && mark.startedAtSeconds === own.startedAtSeconds;
}

export async function forgetKeeping(home: Home): Promise<void> {
  await unlink(home.keep).catch(() => undefined);
}

/**
 * How long a server may take to write everything back. One that was asked while it recovers from a crash of its own can
 * stay for ever (seen with 18.4 on a full disk).
 */
const PATIENCE_MS = 10_000;

/**
 * Asks the server to stop at once: sessions end, data is safe. One that does not is told to leave everything as it is:
 * what was committed stands in its log, which the next start reads. Answers "not_stopped" when its process is not certain to
 * be ours, and "not_running" when there is none. Only under the opener's lock.
 */
export async function stopFast(home: Home, deadline: Deadline): Promise<"stopped" | "not_running" | "not_stopped"> {
  const file = await readPostmasterFile(home.cluster).catch(() => "absent" as const);
  if (typeof file !== "object") return "not_running";
  const whose = belonging(file.pid, home.cluster);
  if (whose === "gone" || whose === "other") return "not_running";
  if (whose === "unknown" && (await observe(home)).answer !== "ours") return "not_stopped";
  process.kill(file.pid, "SIGINT");
  const patience = deadlineIn(PATIENCE_MS);
  let isTold = false;
  for (;;) {
    const now = belonging(file.pid, home.cluster);
    if (now !== "ours" && now !== "unknown") break;
    if (deadline.isPast()) throw stopFailed(home, file.pid);
    if (patience.isPast() && now === "ours" && !isTold) {
      process.kill(file.pid, "SIGQUIT");
      isTold = true;
    }
    await pause(10);
  }
  // A directory for the socket alone; if anything else is in it, it stays.
  if (file.socketDirectory && file.socketDirectory !== home.sockets) {
    await rmdir(file.socketDirectory).catch(() => undefined);
  }
  return "stopped";
}

interface Mark {
  readonly pid: number;
  readonly startedAtSeconds: number;
}

function markOf(file: PostmasterFile): Mark {
  return { pid: file.pid, startedAtSeconds: file.startedAtSeconds };
}

function stopFailed(home: Home, pid: number): PostgresError {
  return new PostgresError(
    "server_stop_failed",
    `The server (process ${pid}) was asked to stop and still runs.`,
    `Wait; ${home.log} says what it does.`,
  );
}
