import { PgBoss } from "pg-boss";
import { installedVersion } from "./installed-version.mjs";
import { PRIORITY_LEVELS, payloadOf } from "./job.mjs";

const QUEUE = "noop";

/** @type {import("./index.mjs").System} */
export const pgBoss = {
  name: "pg-boss",
  version: installedVersion("pg-boss"),
  store: "postgres",
  settings: {
    create: { chunk: 10000, inFlight: 2, max: 10 },
    single: { max: 20 },
    drain: drainWith({ batchSize: 5000, localConcurrency: 2 }),
    blocked: { ...drainWith({ batchSize: 500, localConcurrency: 2 }), groupConcurrency: 1 },
    flow: { ...drainWith({ batchSize: 5000, localConcurrency: 2 }), notify: true },
    latency: {
      batchSize: 10,
      localConcurrency: 2,
      burstWhenBatchFull: true,
      pollingIntervalSeconds: 0.5,
      notify: true,
    },
  },
  candidates: [
    ...[2, 10, 20].map((max) => ({ part: "single", settings: { max } })),
    ...[
      { batchSize: 1, localConcurrency: 1 },
      { batchSize: 10, localConcurrency: 1 },
      { batchSize: 10, localConcurrency: 2 },
      { batchSize: 10, localConcurrency: 4 },
    ].map((sizes) => ({ part: "latency", settings: { ...drainWith(sizes), notify: true } })),
    ...[1000, 5000, 10000].map((chunk) => ({ part: "create", settings: { chunk, inFlight: 2, max: 10 } })),
    { part: "create", settings: { chunk: 5000, inFlight: 4, max: 10 } },
    { part: "drain", settings: drainWith({ batchSize: 500, localConcurrency: 2 }) },
    { part: "drain", settings: drainWith({ batchSize: 1000, localConcurrency: 4 }) },
    { part: "drain", settings: drainWith({ batchSize: 2000, localConcurrency: 1 }) },
    { part: "drain", settings: drainWith({ batchSize: 2000, localConcurrency: 2 }) },
    { part: "drain", settings: drainWith({ batchSize: 5000, localConcurrency: 2 }) },
    { part: "drain", settings: drainWith({ batchSize: 10_000, localConcurrency: 2 }) },
  ],
  prepare,
  openProducer,
  openWorker,
  watch: async ({ query }) => ({
    left: async () =>
      (await query("select count(*)::int n from pgboss.job where name = $1 and state < 'completed'", [QUEUE]))[0].n,
    close: async () => {},
  }),
};

function drainWith(sizes) {
  return { ...sizes, burstWhenBatchFull: true, pollingIntervalSeconds: 0.5 };
}

async function prepare(url) {
  const boss = await openBoss(url, { supervise: false, schedule: false });
  await boss.createQueue(QUEUE);
  await boss.stop({ graceful: false });
}

async function openBoss(connectionString, options) {
  const boss = new PgBoss({ connectionString, ...options });
  boss.on("error", (error) => console.error(`pg-boss: ${error.message}`));
  await boss.start();
  return boss;
}

async function openProducer(url, { max, notify }) {
  const boss = await openBoss(url, { max, supervise: false, schedule: false });
  if (notify) await boss.updateQueue(QUEUE, { notify: true });
  return {
    createMany: (jobs) =>
      boss.insert(
        QUEUE,
        jobs.map(({ payload, priority }) => ({ data: payload, ...(priority === undefined ? {} : { priority }) })),
      ),
    createOne: (payload) => boss.send(QUEUE, payload),
    // A group runs one job at a time (`groupConcurrency`): here one of each is active already.
    block: async ({ count, lanes }) => {
      const each = Math.floor(count / lanes);
      for (let n = 0; n < lanes && each > 0; n += 1) {
        const job = { data: payloadOf(0), priority: PRIORITY_LEVELS, group: { id: `stuck-${n}` } };
        await boss.insert(QUEUE, new Array(each).fill(job));
      }
      await boss.getDb().executeSql(`
        update pgboss.job set state = 'active', started_on = now()
        where id in (select distinct on (group_id) id from pgboss.job where group_id is not null order by group_id)`);
      return each * lanes;
    },
    close: () => boss.stop({ graceful: false }),
  };
}

async function openWorker(url, { notify, ...work }, count) {
  const boss = await openBoss(url, { schedule: false, useListenNotify: notify === true });
  if (notify) await boss.updateQueue(QUEUE, { notify: true });
  return {
    start: () =>
      boss.work(QUEUE, work, async (jobs) => {
        for (const job of jobs) count(job.data.i);
      }),
    rest: () => boss.offWork(QUEUE),
    stop: () => boss.stop({ graceful: true, timeout: 10_000 }),
  };
}
