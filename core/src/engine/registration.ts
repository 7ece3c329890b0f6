import { callsheetError } from "@callsheet/contract";
import { announced } from "../operations/type-registry.ts";
import { isConnectionLoss, violates } from "../store/failure.ts";
import type { Heartbeat } from "../store/nodes.ts";
import { Lookout } from "./lookout.ts";
import type { NodeIdentity } from "./node-options.ts";
import type { Part } from "./part.ts";

/** One life of a node: its number, and the monotonic time before which it was not there. */
export interface Life {
  readonly id: number;
  readonly since: number;
}

const MOST_TRIES = 3;

/**
 * Registers a new life of a node. Another of that name that is up keeps it: that fails with `node_name_in_use` as soon as the
 * other is seen alive. One that cannot be seen is watched as a reaper would, and its name is free when it stays silent.
 */
export async function register(part: Part, node: NodeIdentity): Promise<Life> {
  const { environment, store } = part;
  const types = node.types.map(announced);
  const { processes, timeZones } = environment;
  const life = { ...node, ...processes.self(), timeZones, incarnation: environment.newIncarnation(), types };
  let since = environment.monotonic();
  for (let tries = 0; ; tries++) {
    try {
      return { id: await store.registerNode(life), since };
    } catch (error) {
      // Whether it was stored before the answer was lost is seen by doing it again: the incarnation is ours alone.
      if (isConnectionLoss(error) && tries < MOST_TRIES) continue;
      if (!violates(error, "node_name") && !violates(error, "node_incarnation_key")) throw error;
      const other = (await store.heartbeats()).find((standing) => standing.name === node.name);
      if (other?.incarnation === life.incarnation) return { id: other.id, since };
      if (tries >= MOST_TRIES) throw nameInUse(node.name, other);
      if (other) await outlive(part, other);
      since = environment.monotonic();
    }
  }
}

/** Ends another life of a name, if it is over. Fails with `node_name_in_use` when it is not. */
async function outlive(part: Part, other: Heartbeat): Promise<void> {
  const { processes, timers } = part.environment;
  const alive = processes.isAlive(other);
  if (alive === true) throw nameInUse(other.name, other);
  if (alive === false) return endLocal(part, other);
  const lookout = new Lookout(part);
  for (;;) {
    const { heartbeats, againMs } = await lookout.look();
    const now = heartbeats.find(({ id }) => id === other.id);
    if (now === undefined) return;
    if (now.counter !== other.counter) throw nameInUse(other.name, other);
    await new Promise<void>((resolve) => void timers.after(againMs, resolve));
  }
}

/** Ends a life of which the process, on this machine, has ended: first what it left running, then, in the database, itself. */
export async function endLocal({ environment, store }: Part, { id }: Pick<Heartbeat, "id">): Promise<void> {
  await environment.processes.endOrphans();
  await store.endNode(id, "dead", "its process has ended");
}

function nameInUse(name: string, other: Heartbeat | undefined) {
  const where = other ? `, as process ${other.pid} on ${other.host}` : "";
  return callsheetError("node_name_in_use", `A node named "${name}" is up already${where}.`, { name });
}
