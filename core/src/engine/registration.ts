import { callsheetError } from "@callsheet/contract";
import { announcedSchema } from "../operations/type-registry.ts";
import { isConnectionLoss, violates } from "../store/failure.ts";
import type { NodeIdentity } from "./node-options.ts";
import type { Part } from "./part.ts";

const MOST_TRIES = 3;

/** Registers a new life of a node; fails with `node_name_in_use` while another of that name is up. */
export async function register(part: Part, node: NodeIdentity): Promise<number> {
  const { environment, store } = part;
  const types = node.types.map((type) => ({ type: type.type, version: type.version, schema: announcedSchema(type) }));
  const life = { ...node, ...environment.processes.self(), incarnation: environment.newIncarnation(), types };
  for (let tries = 0; ; tries++) {
    try {
      return await store.registerNode(life);
    } catch (error) {
      // Whether it was stored before the answer was lost is seen by doing it again: the incarnation is ours alone.
      if (isConnectionLoss(error) && tries < MOST_TRIES) continue;
      if (!violates(error, "node_name") && !violates(error, "node_incarnation_key")) throw error;
      const other = (await store.standingNodes()).find((standing) => standing.name === node.name);
      if (other?.incarnation === life.incarnation) return other.id;
      if (other && environment.processes.isAlive(other) === false)
        await store.endNode(other.id, "dead", "its process has ended");
      else if (tries >= MOST_TRIES)
        throw callsheetError(
          "node_name_in_use",
          `A node named "${node.name}" is up already${other ? `, as process ${other.pid} on ${other.host}` : ""}.`,
          { name: node.name },
        );
    }
  }
}
