import type { JobError } from "@callsheet/contract";
import { type EndedAttempt, endAttempts, notToUndo } from "../operations/end.ts";
import type { NodeRow } from "../store/nodes.ts";
import type { Changed } from "../store/transition.ts";
import { endOverdue } from "./overrun.ts";
import type { Part } from "./part.ts";
import { type Service, startService } from "./service.ts";
import { tellFreed } from "./tell-freed.ts";

/** A node whose counter did not change while this reaper watched without a break is dead. */
const SILENCE_MS = 20_000;
const ROUND_MS = 4_000;
/** A node that starts has its first jobs to take; those of the dead can wait for that. */
const FIRST_MS = 500;
const BATCH = 500;

type Watched = { readonly counter: string; readonly since: number };

/**
 * Declares nodes dead, and ends what they were running: failed with cause `node_lost`, then retried. A node of this machine
 * is dead when its process is; another when its heartbeat stands still. A heartbeat is judged by its counter, never by a
 * clock, and only over a time in which the database answered every look.
 */
export function startReaper(part: Part): Service {
  const { store, environment, log } = part;
  let watched = new Map<string, Watched>();
  return startService({
    name: "reaper",
    environment,
    log,
    everyMs: ROUND_MS,
    firstMs: FIRST_MS,
    round: async () => {
      try {
        const nodes = await store.standingNodes();
        watched = watch(watched, nodes, environment.monotonic());
        for (const node of nodes) {
          const cause = causeOfDeath(part, node, watched.get(node.incarnation)!);
          if (cause) await store.endNode(node.id, "dead", cause);
        }
      } catch (error) {
        // What was not seen cannot be judged: the watch begins anew.
        watched = new Map();
        throw error;
      }
      await recover(part);
      return null;
    },
  });
}

function watch(before: ReadonlyMap<string, Watched>, nodes: readonly NodeRow[], now: number): Map<string, Watched> {
  return new Map(
    nodes.map(({ incarnation, counter }) => {
      const known = before.get(incarnation);
      return [incarnation, known?.counter === counter ? known : { counter, since: now }];
    }),
  );
}

function causeOfDeath({ environment }: Part, node: NodeRow, seen: Watched): string | undefined {
  const alive = environment.processes.isAlive(node);
  if (alive === false) return "its process has ended";
  if (environment.monotonic() - seen.since > SILENCE_MS) return `no heartbeat for ${SILENCE_MS / 1_000} s`;
  return undefined;
}

/**
 * Ends at once what nodes of this machine left behind whose process has ended, and what runs longer than its time-out.
 * Answers what that led to.
 */
export async function recoverNow(part: Part, actor: string): Promise<readonly Changed[]> {
  const { store, environment } = part;
  for (const node of await store.standingNodes())
    if (environment.processes.isAlive(node) === false) await store.endNode(node.id, "dead", "its process has ended");
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
    });
    const members = (await part.store.claimsLeftBy(node.id)).flatMap(({ token, ids }) =>
      ids.map((id) => lost(id, token, true)),
    );
    const rows = (await part.store.liveJobsOf(node.id)).map(({ id, token }) => lost(id, token, false));
    const all = [...members, ...rows];
    for (let from = 0; from < all.length; from += BATCH) {
      const batch = all.slice(from, from + BATCH);
      changed.push(...(await endAttempts(part.store, part.catalogue, batch, part.environment.random, actor)).changed);
    }
    if (all.length > 0) for (const kind of ["due", "rollback"] as const) part.bus.publish({ kind });
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
