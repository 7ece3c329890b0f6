import { Logger, makeWorkerUtils, run, runMigrations } from "graphile-worker";
import { installedVersion } from "../../systems/installed-version.mjs";
import { query } from "../query.mjs";

const TASK = "work";
const logger = new Logger(() => () => {});

/** @type {import("./index.mjs").Subject} */
export const graphile = {
  name: "graphile-worker",
  version: installedVersion("graphile-worker"),
  store: "postgres",
  leases: {
    usual: {
      words: "a lock of 4 hours, looked at every 8 to 10 minutes; neither the lock nor a heartbeat can be set",
      settings: {},
    },
    short: {
      words:
        "the same, but once a second the benchmark makes locks that are 10 s old 4 hours older, and they are looked at every second",
      settings: { minResetLockedInterval: 1_000, maxResetLockedInterval: 1_000 },
    },
  },
  prepare: (url) => runMigrations({ preset: { worker: { connectionString: url } }, logger }),
  openProducer: async (url) => {
    const tools = await makeWorkerUtils({ preset: { worker: { connectionString: url } }, logger });
    return { create: (job) => tools.addJob(TASK, { i: job }) };
  },
  openWorker: async (url, { settings, slots, handle }) => {
    const worker = { connectionString: url, concurrentJobs: slots, maxPoolSize: slots + 2, ...settings };
    const tasks = { [TASK]: ({ i }) => handle(i) };
    const runner = await run({ preset: { worker }, logger, noHandleSignals: true }, tasks);
    // It gives up by itself when it has failed too often; its process is then started again, as a supervisor would.
    runner.promise.then(
      () => process.exit(1),
      () => process.exit(1),
    );
  },
  look: async (url) => {
    const jobs = await query(
      url,
      "select (payload->>'i')::int i, attempts >= max_attempts and locked_at is null failed from graphile_worker._private_jobs",
    );
    const numbers = (failed) => jobs.filter((job) => job.failed === failed).map(({ i }) => i);
    return { unfinished: numbers(false), failed: numbers(true) };
  },
  passTime: (url) =>
    query(
      url,
      `update graphile_worker._private_jobs set locked_at = locked_at - interval '4 hours'
       where locked_at between now() - interval '1 hour' and now() - interval '10 seconds'`,
    ),
};
