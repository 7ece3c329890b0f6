// A child process that plays one part for one system: a producer, a worker, or both. The benchmark's main process only
// watches, so that what is measured is the system and not the watching.
import { loadSystem } from "../systems/index.mjs";
import { callOneByOne, callPaced, callTogether, createMany, firstJobs } from "./calls.mjs";
import { nowMs } from "./clock.mjs";
import { makeCounter } from "./counter.mjs";

/** Progress is told this often at first, then after a hundredth of the time that passed: to tell of it takes time of a processor. */
const REPORT_EVERY_MS = { least: 5, most: 20, share: 0.01 };
const WEIGH_EVERY_MS = 250;

const { system: name, url } = JSON.parse(process.env.CALLSHEET_BENCH_ACTOR);
const system = await loadSystem(name);
const parts = {
  ...{ producer: undefined, worker: undefined, counter: undefined },
  ...{ timers: [], memory: [], claimsBefore: 0 },
};

const commands = {
  openProducer: async ({ settings }) => {
    parts.producer = await system.openProducer(url, settings);
  },
  openWorker: async ({ settings, attempted }) => {
    parts.counter = makeCounter(attempted);
    parts.worker = await system.openWorker(url, settings, parts.counter.count);
  },
  startWorker: async ({ watched = true }) => {
    const startedMs = nowMs();
    parts.memory = [];
    if (watched) parts.timers = [reportProgress(parts.counter), setInterval(weigh, WEIGH_EVERY_MS)];
    await parts.worker.start();
    return { startedMs };
  },
  claims: async () => parts.worker.claims(),
  restWorker: async () => {
    for (const timer of parts.timers) clearInterval(timer);
    parts.claimsBefore = parts.worker.claims?.().length ?? 0;
    await parts.worker.rest();
  },
  stopWorker: async () => {
    for (const timer of parts.timers) clearInterval(timer);
    const claims = parts.worker.claims?.().slice(parts.claimsBefore) ?? [];
    await parts.worker.stop();
    return { claims, seen: parts.counter.seen, startedAtMs: parts.counter.startedAtMs, memory: parts.memory };
  },
  firstJobs: (how) => firstJobs(system, url, how),
  retain: () => parts.producer.retain(),
  createMembers: (how) => parts.producer.createMembers(how),
  watchGroup: () => parts.producer.watchGroup(),
  groupReads: () => parts.producer.groupReads(),
  block: (how) => parts.producer.block(how),
  createMany: (how) => createMany(parts.producer, how),
  callOneByOne: (how) => callOneByOne(parts.producer, how),
  callTogether: (how) => callTogether(parts.producer, how),
  callPaced: (how) => callPaced(parts.producer, how),
  usage: async () => {
    const { user, system: kernel } = process.cpuUsage();
    return { cpuUs: user + kernel, peakMemoryBytes: process.resourceUsage().maxRSS * 1024 };
  },
  close: async () => {
    await parts.producer?.close();
  },
};

function weigh() {
  parts.memory.push(process.memoryUsage.rss());
}

function reportProgress(counter) {
  const startMs = nowMs();
  let last = { progress: -1, ms: startMs };
  const { least, most, share } = REPORT_EVERY_MS;
  return setInterval(() => {
    const [progress, ms] = [counter.handled(), nowMs()];
    if (progress === last.progress || ms - last.ms < Math.min(most, share * (ms - startMs))) return;
    last = { progress, ms };
    process.send(last);
  }, least);
}

process.on("message", async ({ id, command, input }) => {
  try {
    process.send({ id, value: await commands[command](input ?? {}) });
  } catch (error) {
    process.send({ id, error: error?.stack ?? String(error) });
  }
});
process.on("disconnect", () => process.exit(0));
