import { Logger, makeWorkerUtils, run, runMigrations } from "graphile-worker";
import pg from "pg";
import { installedVersion } from "./installed-version.mjs";
import { PRIORITY_LEVELS, payloadOf } from "./job.mjs";

const TASK = "noop";
// The default logger prints a line for each job, which costs more than the job.
const logger = new Logger(() => () => {});

/** @type {import("./index.mjs").System} */
export const graphile = {
  name: "graphile-worker",
  version: installedVersion("graphile-worker"),
  store: "postgres",
  settings: {
    create: { chunk: 5000, inFlight: 2, maxPoolSize: 10 },
    single: { maxPoolSize: 20 },
    drain: drainWith({ localQueue: 5000, concurrentJobs: 100 }),
    flow: drainWith({ localQueue: 5000, concurrentJobs: 100 }),
    latency: { concurrentJobs: 10, completeJobBatchDelay: 0, maxPoolSize: 12 },
  },
  candidates: [
    ...[2, 10, 20].map((maxPoolSize) => ({ part: "single", settings: { maxPoolSize } })),
    { part: "latency", settings: { concurrentJobs: 1, maxPoolSize: 10 } },
    { part: "latency", settings: { concurrentJobs: 10, maxPoolSize: 12 } },
    { part: "latency", settings: { concurrentJobs: 10, completeJobBatchDelay: 0, maxPoolSize: 12 } },
    { part: "latency", settings: drainWith({ localQueue: 2000, concurrentJobs: 100 }) },
    ...[1000, 5000, 10000].map((chunk) => ({ part: "create", settings: { chunk, inFlight: 2, maxPoolSize: 10 } })),
    { part: "create", settings: { chunk: 5000, inFlight: 4, maxPoolSize: 10 } },
    { part: "drain", settings: drainWith({ localQueue: 500, concurrentJobs: 24 }) },
    { part: "drain", settings: drainWith({ localQueue: 1000, concurrentJobs: 100 }) },
    { part: "drain", settings: drainWith({ localQueue: 2000, concurrentJobs: 100 }) },
    { part: "drain", settings: drainWith({ localQueue: 2000, concurrentJobs: 500 }) },
    { part: "drain", settings: drainWith({ localQueue: 5000, concurrentJobs: 100 }) },
  ],
  prepare: (url) => runMigrations({ preset: { worker: { connectionString: url } }, logger }),
  openProducer,
  openWorker,
  watch: async ({ query }) => ({
    left: async () => (await query("select count(*)::int n from graphile_worker._private_jobs"))[0].n,
    close: async () => {},
  }),
};

function drainWith({ localQueue, concurrentJobs }) {
  return {
    localQueue: { size: localQueue },
    completeJobBatchDelay: 0,
    failJobBatchDelay: 0,
    concurrentJobs,
    maxPoolSize: 10,
  };
}

async function openProducer(url, { maxPoolSize }) {
  const tools = await makeWorkerUtils({ preset: { worker: { connectionString: url, maxPoolSize } }, logger });
  await tools.withPgClient((client) => client.query("select 1"));
  return {
    createMany: (jobs) =>
      tools.addJobs(
        jobs.map(({ payload, priority }) => ({
          identifier: TASK,
          payload,
          // The smallest number is the most urgent here.
          ...(priority === undefined ? {} : { priority: PRIORITY_LEVELS - priority }),
        })),
      ),
    createOne: (payload) => tools.addJob(TASK, payload),
    // A named queue runs one job at a time: here each is locked, as if a worker had one of its jobs under way.
    block: async ({ count, lanes }) => {
      const each = Math.floor(count / lanes);
      for (let n = 0; n < lanes && each > 0; n += 1) {
        await tools.addJobs(
          Array.from({ length: each }, () => ({
            ...{ identifier: TASK, payload: payloadOf(0), queueName: `stuck-${n}`, priority: -1 },
          })),
        );
      }
      await tools.withPgClient((client) =>
        client.query("update graphile_worker._private_job_queues set locked_at = now(), locked_by = 'held'"),
      );
      return each * lanes;
    },
    close: () => tools.release(),
  };
}

async function openWorker(url, { maxPoolSize, ...worker }, count) {
  const pgPool = new pg.Pool({ connectionString: url, max: maxPoolSize });
  pgPool.on("error", () => {}); // the worker reconnects by itself
  pgPool.on("connect", (client) => client.on("error", () => {}));
  await pgPool.query("select 1");
  const tasks = {
    [TASK]: async ({ i }) => {
      count(i);
    },
  };
  let runner;
  return {
    start: async () => {
      runner = await run({ pgPool, preset: { worker }, logger, noHandleSignals: true }, tasks);
    },
    rest: () => runner.stop(),
    stop: async () => {
      await runner.stop();
      await pgPool.end();
    },
  };
}
