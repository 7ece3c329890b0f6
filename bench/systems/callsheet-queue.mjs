import { callsheet } from "./callsheet.mjs";
import { installedVersion } from "./installed-version.mjs";
import { payloadOf } from "./job.mjs";

const NAME = "bench";

// From the least urgent level of a mixed backlog to the most.
const PRIORITIES = ["lowest", "low", "normal", "high", "highest"];

let joined;

const SETTINGS = { concurrency: 100 };

/**
 * The queue library, beside the core that it stands on.
 * @type {import("./index.mjs").System}
 */
export const callsheetQueue = {
  name: "callsheet-queue",
  version: installedVersion("@callsheet/queue"),
  store: "postgres",
  isAside: true,
  settings: { create: { chunk: 5000, inFlight: 2 }, single: {}, drain: SETTINGS, flow: SETTINGS, latency: SETTINGS },
  candidates: [],
  missing: callsheet.missing,
  prepare: async (url) => {
    const queue = await open(url);
    await queue.stop();
  },
  openProducer,
  openWorker,
  watch: callsheet.watch,
  firstJob,
};

async function open(url, options = {}) {
  const { Queue } = await import("@callsheet/queue");
  const queue = new Queue(url, { name: NAME, ...options });
  await queue.ready();
  return queue;
}

async function openProducer(url) {
  const queue = await open(url);
  const jobOf = ({ payload, priority }) =>
    queue.createJob(priority === undefined ? payload : { ...payload, priority: PRIORITIES[priority] });
  return {
    createMany: (jobs) => queue.addJob(jobs.map(jobOf)),
    createOne: (payload) => queue.addJob(jobOf({ payload })),
    close: () => queue.stop(),
  };
}

async function openWorker(url, { concurrency }, count) {
  const queue = await open(url, { concurrency });
  return {
    start: () => queue.process(async (job) => count(job.i)),
    stop: () => queue.stop(),
  };
}

async function firstJob(url, variant) {
  const { Queue } = await import("@callsheet/queue");
  const queue = new Queue(variant === "joined" ? await join(url) : url, { name: NAME });
  const completed = new Promise((resolve) => queue.once("completed", resolve));
  await Promise.all([queue.process(async () => {}), queue.addJob(queue.createJob(payloadOf(0))), completed]);
  return { close: () => queue.stop() };
}

/** An application's Callsheet, which is open already; it stays so until the process ends. */
async function join(url) {
  const { Callsheet } = await import("@callsheet/core");
  joined ??= await Callsheet.open({ databaseUrl: url });
  return joined;
}
