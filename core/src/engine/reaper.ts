import type { JobError } from "@callsheet/contract";
import { type EndedAttempt, endAttempts, notToUndo } from "../operations/end.ts";
import { tellFreed } from "../operations/tell-freed.ts";
import type { Changed } from "../store/transition.ts";
import { LOOK_MS } from "./heartbeat/times.ts";
import { type Observation, observe, silentIn } from "./observation.ts";
import { endOverdue } from "./overrun.ts";
import type { Part } from "./part.ts";
import { endLocal, SILENT } from "./registration.ts";
import { type Service, startService } from "./service.ts";

/** A node that starts has its first jobs to take; those of the dead can wait for that. */
const FIRST_MS = 500;
const BATCH = 500;

/**
 * Declares nodes dead, and ends what they were running: failed with cause `node_lost`, then retried. A node of this machine
 * is dead when its process is; another when its heartbeat stands still. A heartbeat is judged by its counter, never by a
 * clock, and only over a time in which the database answered every look.
 */
export function startReaper(part: Part): Service {
  const { store, environment, log } = part;
  let seen: Observation | undefined;
  let isFirst = true;
  const look = async () => {
    const before = seen;
    // What was not seen cannot be judged: after a failure the watch begins anew.
    seen = undefined;
    const askedAt = environment.monotonic();
    const heartbeats = await store.heartbeats();
    seen = observe(before, { askedAt, answeredAt: environment.monotonic(), heartbeats });
    for (const node of heartbeats) if (environment.processes.isAlive(node) === false) await endLocal(part, node);
    for (const { id, counter } of silentIn(seen)) await store.endNode(id, "dead", SILENT, counter);
  };
  return startService({
    name: "reaper",
    environment,
    log,
    everyMs: LOOK_MS,
    firstMs: FIRST_MS,
    round: async () => {
      // What a process of this machine left running when it died: others may have recovered its jobs long ago.
      if (isFirst) await environment.processes.endOrphans().catch((error: unknown) => log.error("processes", error));
      isFirst = false;
      await look();
      await recover(part);
      return null;
    },
  });
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
