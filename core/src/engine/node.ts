import { type ActionType, callsheetError, isCallsheetError } from "@callsheet/contract";
import { announcedSchema } from "../operations/types.ts";
import { violates } from "../store/failure.ts";
import type { HotPath } from "../store/store.ts";
import { createClaimer } from "./claimer.ts";
import { createFeeder } from "./feeder.ts";
import { createIsolationHost } from "./isolation/host.ts";
import { createKeeper } from "./keeper.ts";
import type { Part } from "./part.ts";
import { createReporter } from "./reporter.ts";
import { createRunner } from "./runner.ts";
import { type Service, startService } from "./service.ts";

export interface NodeOptions {
  /** Unique among the nodes that are up. */
  readonly name: string;
  /** Default `default`. */
  readonly site?: string;
  readonly types: readonly ActionType[];
  /** How many handlers run at once. Default 4. */
  readonly slots?: number;
}

/** A worker: takes jobs of the types it has, and runs them. */
export interface Node {
  readonly name: string;
  /** Handlers that run now. */
  readonly running: number;
  /** Words of superseded attempts that were refused. */
  readonly refused: number;
  /** Takes no more jobs, and waits for those that run. Nothing is killed. */
  drain(): Promise<void>;
  /** Takes no more jobs, hands back those that had not begun, and waits for the others up to `graceMs` (default 30 s). */
  stop(options?: { readonly graceMs?: number }): Promise<void>;
}

const BEAT_MS = 5_000;
const POLL_MS = 500;
const GRACE_MS = 30_000;
/** However short the grace: time to store what has ended. */
const LEAST_FLUSH_MS = 2_000;

/** Registers a node and starts it. */
export async function startNode(
  part: Part,
  options: NodeOptions,
  onStored: (ids: readonly string[]) => void,
): Promise<Node> {
  const { store, environment, bus } = part;
  const { name, site = "default", slots = 4 } = options;
  if (!Number.isInteger(slots) || slots < 1 || slots > 10_000) {
    throw callsheetError("invalid_argument", "slots must be a whole number from 1 to 10,000.", { field: "slots" });
  }
  for (const type of options.types) part.types.register(type);
  let nodeId = await register(part, { name, site, slots, types: options.types });

  const alive = environment.timers.keepAlive();
  const hot = createHot(part, name);
  const isolation = createIsolationHost({
    spawn: environment.processes.spawn,
    killGroup: environment.processes.killGroup,
    readText: environment.files.readText,
    variables: environment.processes.variables,
    timers: environment.timers,
    monotonic: environment.monotonic,
  });
  const types = options.types.map((type) => type.type);
  const claimer = createClaimer({ part, nodeId: () => nodeId, site, types, hot: hot.get });
  const reporter = createReporter({ part, hot: hot.get, onLoss: hot.lost, onStored });
  const keeper = createKeeper({ part, nodeId: () => nodeId, running: () => runner.running });
  let lateWords = 0;
  const runner = createRunner({
    part,
    slots,
    isolation,
    host: keeper,
    onEnd: (attempt, size, end) => {
      const report = () => {
        if (attempt.isSuperseded) lateWords += 1;
        else reporter.report(attempt, size, end);
      };
      // What a handler said is there for whoever waits for its end.
      const hasWords = attempt.lines !== undefined || (attempt.latest !== undefined && end.ending.kind !== "completed");
      if (hasWords) keeper.leave(attempt, report);
      else report();
      feeder.more();
    },
  });
  const feeder = createFeeder({
    part,
    claimer,
    runner,
    reporter,
    onLoss: hot.lost,
    isKnown: (id) => runner.running.has(id) || keeper.isLeaving(id),
    nodeId: () => nodeId,
  });

  const reincarnate = async () => {
    part.log.error(
      "node",
      callsheetError("stale_attempt", `Node "${name}" was declared dead; it goes on as a new incarnation.`),
    );
    for (const attempt of runner.running.values()) attempt.supersede();
    feeder.forget();
    nodeId = await register(part, { name, site, slots, types: options.types });
  };
  const services: readonly Service[] = [
    startService({ name: "claim", environment, log: part.log, everyMs: POLL_MS, round: () => feeder.round() }),
    startService({ name: "keep", environment, log: part.log, everyMs: 250, round: () => keeper.round() }),
    startService({
      name: "heartbeat",
      environment,
      log: part.log,
      everyMs: BEAT_MS,
      round: async () => {
        if (!(await store.beat(nodeId))) await reincarnate();
        return null;
      },
    }),
  ];
  feeder.onHungry(() => services[0]!.wake());
  keeper.onHungry(() => services[1]!.wake());
  const unsubscribe = bus.subscribe((hint) => {
    if (hint?.kind === "job") keeper.look(hint.id);
    else if (claimer.hear(hint)) services[0]!.wake();
  });

  // Whatever the database answers, the node ends; what it leaves behind is found and recovered by others.
  const attempted = (work: Promise<unknown>) => work.catch((error: unknown) => part.log.error("node", error));
  const close = async () => {
    unsubscribe();
    reporter.close();
    await isolation.close();
    await Promise.all(services.map((service) => service.stop()));
    await attempted(store.endNode(nodeId, "gone", "it was stopped"));
    await hot.close();
    alive.cancel();
  };
  let ending: Promise<void> | undefined;
  let isFlushed = false;
  let deadline = Number.POSITIVE_INFINITY;
  const end = (graceMs: number) => {
    deadline = Math.min(deadline, environment.monotonic() + graceMs);
    ending ??= (async () => {
      await attempted(store.setDraining(nodeId));
      await attempted(feeder.stop());
      await emptied(part, { isBusy: () => runner.running.size > 0 || keeper.isLeaving(), until: () => deadline });
      const flushFrom = environment.monotonic();
      void reporter.flush().then(() => {
        isFlushed = true;
      });
      await emptied(part, { isBusy: () => !isFlushed, until: () => Math.max(deadline, flushFrom + LEAST_FLUSH_MS) });
      await close();
    })();
    return ending;
  };
  return {
    name,
    get running() {
      return runner.running.size;
    },
    get refused() {
      return reporter.refused + lateWords;
    },
    drain: () => end(Number.POSITIVE_INFINITY),
    stop: ({ graceMs = GRACE_MS } = {}) => end(graceMs),
  };
}

async function register(
  part: Part,
  node: { name: string; site: string; slots: number; types: readonly ActionType[] },
): Promise<number> {
  const { environment, store } = part;
  const types = node.types.map((type) => ({ type: type.type, version: type.version, schema: announcedSchema(type) }));
  const life = { ...node, ...environment.processes.self(), incarnation: environment.newIncarnation(), types };
  for (let tries = 0; ; tries++) {
    try {
      return await store.registerNode(life);
    } catch (error) {
      if (!violates(error, "node_name")) throw error;
      const other = (await store.standingNodes()).find((standing) => standing.name === node.name);
      if (other && environment.processes.isAlive(other) === false)
        await store.endNode(other.id, "dead", "its process has ended");
      else if (tries >= 3)
        throw callsheetError(
          "node_name_in_use",
          `A node named "${node.name}" is up already${other ? `, as process ${other.pid} on ${other.host}` : ""}.`,
          { name: node.name },
        );
    }
  }
}

/** The hot connections: opened when first needed, and again after a loss. */
function createHot(part: Part, name: string) {
  let path: Promise<HotPath> | undefined;
  const get = () => {
    path ??= part.store.openHotPath(name);
    path.catch(() => {
      path = undefined;
    });
    return path;
  };
  const close = async () => {
    const old = path;
    path = undefined;
    await old?.then((one) => one.close()).catch(() => {});
  };
  return {
    get,
    lost: (error: unknown) => {
      if (isCallsheetError(error) && error.code === "database_lost") void close();
    },
    close,
  };
}

/** Waits until nothing is busy any more, or the deadline has passed, which may be moved meanwhile. */
async function emptied({ environment }: Part, of: { isBusy: () => boolean; until: () => number }): Promise<void> {
  while (of.isBusy() && environment.monotonic() < of.until()) {
    await new Promise<void>((resolve) => void environment.timers.after(10, resolve));
  }
}
