import type { JobError } from "@callsheet/contract";
import { type EndedAttempt, endAttempts, notToUndo } from "../operations/end.ts";
import { tellFreed } from "../operations/tell-freed.ts";
import type { Changed } from "../store/transition.ts";
import { LOOK_MS } from "./heartbeat/times.ts";
import { Lookout } from "./lookout.ts";
import { endOverdue } from "./overrun.ts";
import type { Part } from "./part.ts";
import { endLocal } from "./registration.ts";
import { type Service, startService } from "./service.ts";
import { sayTimeZones } from "./time-zones.ts";

/** A node that starts has its first jobs to take; those of the dead can wait for that. */
const FIRST_MS = 500;
const BATCH = 500;

/** While nobody answers, it asks again within at most twice this. */
const LONGEST_PAUSE_MS = LOOK_MS / 4;

/**
 * Declares nodes dead, and ends what they were running: failed with cause `node_lost`, then retried. A node of this machine
 * is dead when its process is; another when its heartbeat stands still. A heartbeat is judged by its counter, never by a
 * clock, and only over time in which the database answered. Recovery, which may wait for locks, does not hold up the watch.
 */
export function startReaper(part: Part): Service {
  const { environment, log } = part;
  const lookout = new Lookout(part);
  const common = { environment, log, longestPauseMs: LONGEST_PAUSE_MS };
  const recovery = startService({
    ...{ ...common, name: "recovery", everyMs: LOOK_MS, firstMs: LOOK_MS },
    round: async () => {
      await recover(part);
      return null;
    },
  });
  let isFirst = true;
  const watch = startService({
    ...{ ...common, name: "reaper", everyMs: LOOK_MS, firstMs: FIRST_MS },
    round: async () => {
      // What a process of this machine left running when it died: others may have recovered its jobs long ago.
      if (isFirst) await environment.processes.endOrphans().catch((error: unknown) => log.error("processes", error));
      const { heartbeats, againMs } = await lookout.look();
      part.census.processes = new Set(heartbeats.map(({ host, bootId, pid }) => `${host} ${bootId} ${pid}`)).size;
      for (const node of heartbeats) if (environment.processes.isAlive(node) === false) await endLocal(part, node);
      if (isFirst) await sayTimeZones(part);
      isFirst = false;
      recovery.wake();
      return againMs;
    },
  });
  return {
    wake: watch.wake,
    stop: async () => {
      await watch.stop();
      await recovery.stop();
    },
  };
}

/**
 * Ends at once what nodes of this machine left behind whose process has ended, and what runs longer than its time-out.
 * Answers what that led to.
 */
export async function recoverNow(part: Part, actor: string): Promise<readonly Changed[]> {
  for (const node of await part.store.heartbeats())
    if (part.environment.processes.isAlive(node) === false) await endLocal(part, node);
  return [...(await recover(part, actor)), ...(await endOverdue(part, actor)).changed];
}

/** Ends every attempt that ended nodes left behind. Done again, it changes nothing: each is guarded by its token. */
async function recover(part: Part, actor?: string): Promise<readonly Changed[]> {
  const changed: Changed[] = [];
  for (const node of await part.store.orphaningNodes()) {
    const error: JobError = { code: "node_lost", message: `Node "${node.name}" was lost while it ran the job.` };
    const lost = (id: string, token: string, isMember: boolean): EndedAttempt => ({
      id,
      token,
      isMember,
      ending: { kind: "lost", error },
      codes: node.codes,
    });
    const members = (await part.store.claimsLeftBy(node.id)).flatMap(({ token, ids }) =>
      ids.map((id) => lost(id, token, true)),
    );
    const rows = (await part.store.liveJobsOf(node.id)).map(({ id, token }) => lost(id, token, false));
    const all = [...members, ...rows];
    for (let from = 0; from < all.length; from += BATCH) {
      const batch = all.slice(from, from + BATCH);
      const ended = await endAttempts(part.store, part.catalogue, batch, part.environment.random, actor);
      tellFreed(part.bus, ended.changed, ended.pools);
      changed.push(...ended.changed);
    }
    if (all.length > 0) part.bus.publish({ kind: "rollback" });
    await freeRemnants(part, node.id);
    await part.store.transaction((tx) => tx.endKeeping(node.id));
  }
  return changed;
}

/** What attempts of a dead node still held, though their jobs were over before. */
async function freeRemnants({ store, bus }: Part, nodeId: number): Promise<void> {
  const remnants = await store.remnantsOf(nodeId);
  if (remnants.length === 0) return;
  const attempts = remnants.map(({ jobId, token }) => ({ id: jobId, token: token! }));
  const { granted, pools } = await store.freeing(async (tx, free) => free(await notToUndo(tx, attempts)));
  bus.publish({ kind: "rollback" });
  tellFreed(bus, granted, pools);
}
