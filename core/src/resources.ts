import {
  type Authority,
  callsheetError,
  type Resource,
  type ResourceDetails,
  type ResourceInput,
  type ResourcePlace,
} from "@callsheet/contract";
import type { Engine } from "./engine/engine.ts";
import {
  getResource,
  listResources,
  putResource,
  removeResource,
  reportResource,
  setCapacity,
  setState,
} from "./operations/resources.ts";

/**
 * What jobs contend for: named pools of units, of the cluster, of a site or of a node. Operations on one that is not there fail
 * with `unknown_resource`; without a place they mean the cluster's.
 */
export class Resources {
  readonly #engine: Engine;
  readonly #authority: Authority;

  constructor(engine: Engine, authority: Authority) {
    this.#engine = engine;
    this.#authority = authority;
  }

  /**
   * Creates a resource, or changes the one of that name and place; what is left out has its default. The same again changes
   * nothing. What runs keeps what it has, also above a lower capacity; when this has answered nothing more starts above it.
   */
  put(name: string, definition: ResourceInput): Promise<Resource> {
    return putResource(this.#engine.desk, name, definition);
  }

  /** Gives it another capacity outside its windows, and leaves all else as it is. */
  setCapacity(name: string, capacity: number, place: ResourcePlace = {}): Promise<Resource> {
    return setCapacity(this.#engine.desk, name, capacity, place);
  }

  /** Lets jobs that need it start, as it does from the beginning. */
  start(name: string, place: ResourcePlace = {}): Promise<Resource> {
    return setState(this.#engine.desk, name, "started", place, this.#authority);
  }

  /** Lets no job start that needs it: they stay queued. Those that run go on. */
  stop(name: string, place: ResourcePlace = {}): Promise<Resource> {
    return setState(this.#engine.desk, name, "stopped", place, this.#authority);
  }

  /** The same, but it is `draining` as long as jobs hold units of it, and only then stopped. */
  drain(name: string, place: ResourcePlace = {}): Promise<Resource> {
    return setState(this.#engine.desk, name, "draining", place, this.#authority);
  }

  /** Removes it. Fails with `resource_in_use` while jobs hold units of it, or wait for it and could take no other. */
  remove(name: string, place: ResourcePlace = {}): Promise<void> {
    return removeResource(this.#engine.desk, name, place);
  }

  /** One of them, with the jobs that hold it. */
  get(name: string, place: ResourcePlace = {}): Promise<ResourceDetails> {
    return getResource(this.#engine.desk, name, place);
  }

  /** All of them, by name and place. */
  list(): Promise<readonly Resource[]> {
    return listResources(this.#engine.desk);
  }

  /** Says how many units the outside leaves, such as a licence server. It must have been put with `external`. */
  report(name: string, said: { readonly left: number } & ResourcePlace): Promise<void> {
    const { left, ...place } = Object(said) as typeof said;
    return reportResource(this.#engine.desk, name, left, place);
  }

  /**
   * Asks how many units the outside leaves, now and then every `everyMs` milliseconds (100 to 3,600,000; default 10 s), and
   * reports it, until it is stopped or this Callsheet is closed. What `read` throws is told to `onError`; while nothing is said
   * the resource's rule for stale data holds.
   */
  watch(
    name: string,
    read: () => number | Promise<number>,
    options: { readonly everyMs?: number } & ResourcePlace = {},
  ): { stop(): Promise<void> } {
    const { everyMs = 10_000, ...place } = options;
    return this.#engine.watch({
      name: `watch of ${name}`,
      everyMs: checkInterval(everyMs),
      ask: read,
      keep: (left) => reportResource(this.#engine.desk, name, left as number, place),
    });
  }
}

function checkInterval(everyMs: number): number {
  if (Number.isInteger(everyMs) && everyMs >= 100 && everyMs <= 3_600_000) return everyMs;
  throw callsheetError("invalid_argument", "everyMs must be a whole number from 100 to 3,600,000.", {
    field: "everyMs",
  });
}
