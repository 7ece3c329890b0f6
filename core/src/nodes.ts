import type { Authority, NodeDetails, NodeFilter, NodeLife } from "@callsheet/contract";
import type { Engine } from "./engine/engine.ts";
import { drainNode, getNode, listNodes, maintainNode, resumeNode } from "./operations/nodes.ts";

/** The nodes that run jobs, wherever their processes are. */
export class Nodes {
  readonly #engine: Engine;
  readonly #authority: Authority;

  constructor(engine: Engine, authority: Authority) {
    this.#engine = engine;
    this.#authority = authority;
  }

  /** The nodes that are there, by name; with `ended` also lives that are over, the newest of each name first. */
  list(filter: NodeFilter = {}): Promise<readonly NodeLife[]> {
    return listNodes(this.#engine.desk, filter);
  }

  /** The present life of a node, or its last one, with what it runs. Fails with `unknown_node`. */
  get(name: string): Promise<NodeDetails> {
    return getNode(this.#engine.desk, name);
  }

  /**
   * Lets a node end. When it has answered, the node starts nothing more; it hands back what had not begun, waits for what
   * runs, and ends itself. Fails with `unknown_node` or `node_ended`.
   */
  drain(name: string, reason?: string): Promise<NodeDetails> {
    return drainNode(this.#engine.desk, name, reason, this.#authority);
  }

  /**
   * Lets a node start nothing more until it is resumed. It stays, and so does its maintenance when it is started anew. Again,
   * it replaces the reason. Fails with `unknown_node`.
   */
  maintain(name: string, reason?: string): Promise<NodeDetails> {
    return maintainNode(this.#engine.desk, name, reason, this.#authority);
  }

  /** Ends the maintenance of a node. Fails with `unknown_node` or `not_paused`. */
  resume(name: string): Promise<NodeDetails> {
    return resumeNode(this.#engine.desk, name);
  }
}
