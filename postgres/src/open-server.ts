import { unlink } from "node:fs/promises";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { Address } from "./admin.ts";
import { findBinaries } from "./binaries.ts";
import { decide } from "./decide.ts";
import { inspectCluster, makeCluster, removeUnfinished } from "./directory.ts";
import { isDiskFull, PostgresError, systemCode } from "./errors.ts";
import { type Home, ownerOf, refuseForeignOwner, refuseUnreachable } from "./home.ts";
import { isPassing, type Launched, launch } from "./launch.ts";
import { observe, type Seen } from "./observe.ts";
import { type Deadline, pause } from "./pause.ts";
import { readPostmasterFile } from "./postmaster-file.ts";
import { belonging } from "./processes.ts";
import { chooseServerUser, readUserFacts } from "./run-as.ts";
import type { Durability } from "./settings.ts";

export interface OpenContext {
  readonly home: Home;
  readonly env: NodeJS.ProcessEnv;
  readonly binDir: string | undefined;
  readonly sockets: "prefer" | "avoid";
  readonly durability: Durability;
  readonly deadline: Deadline;
  readonly signal: AbortSignal | undefined;
  readonly log: (line: string) => void;
}

/** A server of this home that answers our password. */
export interface Running {
  readonly address: Address;
  readonly version: string;
  readonly origin: "started" | "adopted";
}

/** Waiting shorter than this is not worth a word. */
const QUIET_MS = 3000;

/** Makes, starts, adopts or waits until the server answers. Only under the opener's lock. */
export async function bringUp(context: OpenContext): Promise<Running> {
  const attempt: Attempt = { launched: undefined };
  try {
    return await bringUpAttempt(context, attempt);
  } catch (error) {
    // Whoever stops a server that was given up needs its pid file, which a server just spawned has not written yet.
    if (error instanceof PostgresError && error.code === "aborted") await hasShownItself(context.home, attempt);
    throw error;
  }
}

interface Attempt {
  launched: Launched | undefined;
}

async function bringUpAttempt(context: OpenContext, attempt: Attempt): Promise<Running> {
  let said = "";
  for (;;) {
    const { launched } = attempt;
    const seen = await observe(context.home);
    const decision = decide(seen);
    if (decision.act === "adopt") return running(seen, launched ? "started" : "adopted");
    if (decision.act === "refuse") throw inUse(context.home, decision.why, decision.pids);
    const reason = await launched?.ended();
    if (reason !== undefined) attempt.launched = undefined;
    if (reason !== undefined && !isPassing(reason)) throw startFailed(context.home, reason);
    if (decision.act === "wait" || launched || reason !== undefined) {
      const why = decision.act === "wait" ? decision.why : (reason ?? "the server is starting");
      if (context.deadline.isPast()) throw notReady(context.home, why, seen);
      if (context.deadline.elapsedMs() > QUIET_MS && said !== why) {
        said = why;
        context.log(`waiting: ${why}`);
      }
      await pause(attempt.launched ? 15 : 40, context.signal);
      continue;
    }
    if (decision.act === "clear_and_start") await removeDeadFile(context.home, seen.postmaster);
    attempt.launched = await start(context);
  }
}

async function removeDeadFile(home: Home, seen: Seen["postmaster"]): Promise<void> {
  // A server that a killed opener spawned may have written its own meanwhile.
  if (!isDeepStrictEqual(await readPostmasterFile(home.cluster), seen)) return;
  await unlink(join(home.cluster, "postmaster.pid")).catch((error) => {
    if (systemCode(error) !== "ENOENT") throw error;
  });
}

async function hasShownItself(home: Home, { launched }: Attempt): Promise<void> {
  while (launched && (await launched.ended().catch(String)) === undefined) {
    if (typeof (await readPostmasterFile(home.cluster)) === "object") return;
    await pause(10);
  }
}

/** Makes the directory if there is none, and spawns the server. */
async function start(context: OpenContext): Promise<Launched> {
  const { home, env, binDir } = context;
  const cluster = await inspectCluster(home);
  const owner = cluster === "absent" ? undefined : await ownerOf(home.cluster);
  const user = chooseServerUser(readUserFacts(owner));
  refuseForeignOwner(home.cluster, owner, user);
  await refuseUnreachable(home.root, user);
  const major = cluster === "absent" ? undefined : cluster.major;
  const binaries = await findBinaries({ env, binDir, major, user });
  if (cluster === "absent") {
    context.log(`making the database directory ${home.cluster} with PostgreSQL ${binaries.version}`);
    await makeCluster(home, binaries, user);
  } else {
    await removeUnfinished(home);
  }
  return launch(home, binaries, user, context);
}

function running(seen: Seen, origin: Running["origin"]): Running {
  if (!seen.address || !seen.version) throw new Error("a server that answers has an address and a version");
  return { address: seen.address, version: seen.version, origin };
}

function inUse(home: Home, why: string, pids: readonly number[]): PostgresError {
  return new PostgresError(
    "data_directory_in_use",
    `${home.cluster} is in use by process ${pids.join(", ")}: ${why}.`,
    `Stop process ${pids.join(", ")}, or choose another data directory.`,
  );
}

function notReady(home: Home, why: string, seen: Seen): PostgresError {
  const pid = typeof seen.postmaster === "object" ? seen.postmaster.pid : undefined;
  const others = seen.others === "hidden" ? [] : seen.others;
  const pids = [pid, ...others].filter((value) => value !== undefined);
  const isOurs = pid !== undefined && belonging(pid, home.cluster) === "ours";
  const named = pids.length > 0 ? ` (process ${pids.join(", ")})` : "";
  return new PostgresError(
    isOurs && seen.answer === "not_ready" ? "server_not_ready" : "data_directory_in_use",
    `The server in ${home.cluster} cannot be used yet: ${why}${named}.`,
    `Wait and start again; ${home.log} says what it does.`,
  );
}

function startFailed(home: Home, reason: string): PostgresError {
  return new PostgresError(
    "server_start_failed",
    `PostgreSQL did not start: ${reason}.`,
    isDiskFull(reason)
      ? "Free space on this disk, then start again."
      : `See ${home.log}, correct the cause, then start again.`,
  );
}
