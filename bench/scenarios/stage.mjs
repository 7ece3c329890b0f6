import { setTimeout as pause } from "node:timers/promises";
import { nowMs } from "../actors/clock.mjs";
import { openActor } from "../actors/open-actor.mjs";
import { foreignLoad, loadMark } from "../machine/load.mjs";
import { tally } from "../measure/tally.mjs";

const RUN_LIMIT_MS = 15 * 60_000;

/**
 * Everything one run needs: an empty store of its own, child processes that play the parts, and a meter.
 * @typedef {Awaited<ReturnType<typeof openStage>>} Stage
 */

/**
 * Plays one run on an empty store and clears away afterwards, however it ends.
 * @template T
 * @param {{system: import("../systems/index.mjs").System, server: any, calmMs: number}} on
 * @param {(stage: Stage) => Promise<T>} play
 */
export async function onStage(on, play) {
  return onStore(on, async (stage) => {
    await stage.system.prepare(stage.store.url);
    return play(stage);
  });
}

/** The same without a system's tables. @type {typeof onStage} */
export async function onStore(on, play) {
  const stage = await openStage(on);
  // Without its processes a run that hangs fails, and the suite goes on.
  const patience = setTimeout(stage.kill, RUN_LIMIT_MS);
  try {
    return await play(stage);
  } finally {
    clearTimeout(patience);
    await stage.close();
  }
}

async function openStage({ system, server, calmMs }) {
  const store = await server.fresh();
  const actors = [];
  const ours = [process.pid, server.pid].filter(Boolean);
  return {
    system,
    store,
    actor: (how) => {
      const actor = openActor(system.name, store.url, how);
      actors.push(actor);
      return actor;
    },
    meter: (measured) => startMeter({ store, actors: measured, ours, calmMs }),
    kill: () => {
      for (const actor of actors) actor.kill();
    },
    close: async () => {
      await Promise.all(actors.map((actor) => actor.close()));
      await store.close();
    },
  };
}

/** Looks at the machine's load for a moment, then measures what the store and the child processes take until `read`. */
async function startMeter({ store, actors, ours, calmMs }) {
  const quiet = loadMark();
  await pause(calmMs);
  const before = foreignLoad(quiet, ours);
  const first = await usage(store, actors);
  const mark = loadMark();
  const startMs = nowMs();
  return {
    before,
    /** @param {number} jobs */
    read: async (jobs) => {
      const last = await usage(store, actors);
      const elapsedUs = (nowMs() - startMs) * 1000;
      const perJob = (name) => (last[name] - first[name]) / jobs;
      return {
        elapsedUs,
        load: { before, during: foreignLoad(mark, ours) },
        cost: {
          serverCpuUs: perJob("cpuUs"),
          nodeCpuUs: perJob("nodeCpuUs"),
          walBytes: perJob("logBytes"),
          writtenBytes: perJob("writtenBytes"),
          writeCalls: perJob("writeCalls"),
          peakMemoryMb: last.peakMemoryBytes / 2 ** 20,
        },
      };
    },
  };
}

async function usage(store, actors) {
  const nodes = await Promise.all(actors.map((actor) => actor.ask("usage")));
  return {
    ...(await store.usage()),
    nodeCpuUs: nodes.reduce((sum, node) => sum + node.cpuUs, 0),
    peakMemoryBytes: nodes.reduce((sum, node) => sum + node.peakMemoryBytes, 0),
  };
}

/**
 * Fills the store with `count` waiting jobs of mixed priorities, numbered from `from`; `further` are settings beside the usual ones.
 * @param {Stage} stage
 * @param {number} count
 * @param {{mixed?: boolean, from?: number, further?: object}} how
 */
export async function load(stage, count, { mixed = true, from = 0, further = {} } = {}) {
  const producer = stage.actor();
  const settings = stage.system.settings.create;
  await producer.ask("openProducer", { settings: { ...settings, ...further } });
  await producer.ask("createMany", { count, from, mixed, chunk: settings.chunk, inFlight: settings.inFlight });
  await producer.ask("close");
  await producer.close();
}

/**
 * Opens worker processes that are connected but have not begun.
 * @param {Stage} stage
 * @param {{workers: number, attempted: number, settings: object}} how
 */
export async function openWorkers(stage, { workers, attempted, settings }) {
  const actors = Array.from({ length: workers }, () => stage.actor());
  await Promise.all(actors.map((actor) => actor.ask("openWorker", { settings, attempted })));
  return actors;
}

/**
 * Lets workers work off the first `count` jobs, which are there, and rest.
 * @param {Stage} stage
 * @param {{actors: readonly any[], count: number, limitMs: number}} how
 */
export async function warmUp({ system, store }, { actors, count, limitMs }) {
  const watch = await system.watch(store);
  await Promise.all(actors.map((actor) => actor.ask("startWorker")));
  const { complete } = await untilSettled(watch, { actors, attempted: count, untilMs: nowMs() + limitMs });
  await watch.close();
  if (!complete) throw new Error(`the first ${count} jobs were not worked off within ${limitMs} ms`);
  await Promise.all(actors.map((actor) => actor.ask("restWorker")));
}

/** @param {readonly {handled: () => number}[]} actors */
const handledBy = (actors) => actors.reduce((sum, actor) => sum + actor.handled(), 0);

/**
 * Waits until every job's handler has begun and the store holds none as unfinished, or until the time is up.
 * @param {{left: () => Promise<number>}} watch
 * @param {{actors: readonly any[], attempted: number, untilMs: number}} how
 */
export async function untilSettled(watch, { actors, attempted, untilMs }) {
  for (;;) {
    const handled = handledBy(actors);
    // Whatever the answer takes: what the store holds none of when it is asked was finished by then.
    const endMs = nowMs();
    if (handled >= attempted && (await watch.left()) === 0) return { endMs, handled, complete: true };
    if (nowMs() > untilMs) return { endMs: nowMs(), handled, complete: false };
    await pause(3);
  }
}

/**
 * Stops the workers and counts what became of the jobs.
 * @param {{left: () => Promise<number>, close: () => Promise<void>}} watch
 * @param {{actors: readonly any[], attempted: number}} how
 */
export async function stopAndCount(watch, { actors, attempted }) {
  const stopped = await Promise.all(actors.map((actor) => actor.ask("stopWorker")));
  const counts = tally({ attempted, seen: stopped.map((one) => one.seen), left: await watch.left() });
  await watch.close();
  return {
    counts,
    claims: stopped.map((one) => one.claims),
    startedAtMs: stopped.map((one) => one.startedAtMs),
    memory: stopped.map((one) => one.memory),
  };
}
