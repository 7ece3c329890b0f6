import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { openPostgres } from "../machine/postgres.mjs";
import { openRedis } from "../machine/redis.mjs";
import { judge } from "./judge.mjs";
import { LOAD, OBSERVED_MS } from "./load.mjs";
import { FAULTS } from "./nemesis.mjs";
import { startActor, superviseWorker } from "./processes.mjs";
import { loadSubject } from "./subjects/index.mjs";
import { readWitness } from "./witness.mjs";

const WARM_MS = 5_000;
const LOOK_MS = 1_000;

/**
 * Throws faults at one system, one after the other, on a server of its own, and says what became of its jobs.
 * @param {{system: string, faults: readonly (keyof typeof FAULTS)[], lease: import("./subjects/index.mjs").Lease, size: "full" | "quick"}} what
 * @param {{postgres: string, directory: string}} where
 */
export async function experiment({ system, faults, lease, size }, { postgres, directory }) {
  const fault = faults.join("+");
  const subject = await loadSubject(system);
  const { settings, words } = subject.leases[lease];
  const place = join(directory, `${system}-${fault}-${lease}`);
  mkdirSync(place, { mode: 0o711 });
  const server =
    subject.store === "redis"
      ? openRedis({ sync: subject.sync, directory: place })
      : await openPostgres({ kind: postgres, directory: place });
  const store = await server.fresh();
  const file = join(place, "witness");
  writeFileSync(file, "");
  const witness = readWitness(file);
  await subject.prepare(store.url, settings);
  const cast = { system, url: store.url, settings, witness: file, ...LOAD };
  const workers = await Promise.all(
    Array.from({ length: LOAD.workers }, (_, n) => superviseWorker({ ...cast, part: "worker", name: `worker-${n}` })),
  );
  const producer = await startActor({ ...cast, part: "producer", name: "producer" });
  const look = () => subject.look(store.url);
  const timePasses = subject.passTime && lease === "short" ? letTimePass(() => subject.passTime(store.url)) : undefined;
  try {
    await pause(WARM_MS);
    const struck = [];
    for (const name of faults) struck.push(...(await FAULTS[name].strike({ workers, witness, store, look }, size)));
    await endCreation(producer);
    const { observedMs, ...held } = await observe(look);
    const ends = workers.flatMap((worker) => worker.ends);
    const outcome = judge({ said: witness.said(), struck, ends, ...held });
    return { system, version: subject.version, server: server.label, fault, lease, words, ...outcome, observedMs };
  } finally {
    clearInterval(timePasses);
    producer.child.kill("SIGKILL");
    await Promise.all(workers.map((worker) => worker.stop()));
    await store.close();
    await server.stop();
  }
}

/** Waits until the store holds nothing unfinished, and no longer than it is observed. */
async function observe(look) {
  const begin = Date.now();
  for (;;) {
    const held = await look();
    const observedMs = Date.now() - begin;
    if (held.unfinished.length === 0 || observedMs > OBSERVED_MS) return { ...held, observedMs };
    await pause(LOOK_MS);
  }
}

async function endCreation({ child, gone }) {
  const done = new Promise((resolve) => child.once("message", resolve));
  child.send("stop");
  await Promise.race([done, gone, pause(30_000)]);
}

/** The server may be away. */
const letTimePass = (pass) => setInterval(() => pass().catch(() => {}), LOOK_MS);
