import { callsheet } from "./callsheet.mjs";
import { installedVersion } from "./installed-version.mjs";
import { payloadOf } from "./job.mjs";

const NAME = "bench";

// From the least urgent level of a mixed backlog to the most.
const PRIORITIES = ["lowest", "low", "normal", "high", "highest"];

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
  beginAndEnd,
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

async function beginAndEnd(url) {
  const { Queue } = await import("@callsheet/queue");
  const queue = new Queue(url, { name: NAME });
  const completed = new Promise((resolve) => queue.once("completed", resolve));
  const handled = new Promise((resolve) => {
    const processing = queue.process((_job, next) => {
      resolve();
      return next();
    });
    processing.catch(() => {});
  });
  await queue.addJob(queue.createJob(payloadOf(0)));
  await handled;
  return {
    end: async () => {
      await completed;
      await queue.stop();
    },
  };
}
