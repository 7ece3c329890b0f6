import { PgBoss } from "pg-boss";
import { installedVersion } from "../../systems/installed-version.mjs";
import { query } from "../query.mjs";

const QUEUE = "work";

/** @type {import("./index.mjs").Subject} */
export const pgBoss = {
  name: "pg-boss",
  version: installedVersion("pg-boss"),
  store: "postgres",
  leases: {
    usual: { words: "a job expires after 15 minutes, looked at every minute; no heartbeat", settings: {} },
    short: {
      words: "a heartbeat of 10 s, the least there is, looked at every second",
      settings: { queue: { heartbeatSeconds: 10 }, boss: { superviseIntervalSeconds: 1, monitorIntervalSeconds: 1 } },
    },
  },
  prepare: async (url, { queue }) => {
    const boss = await open(url, { supervise: false });
    await boss.createQueue(QUEUE, queue);
    await boss.stop({ graceful: false });
  },
  openProducer: async (url) => {
    const boss = await open(url, { supervise: false });
    return { create: (job) => boss.send(QUEUE, { i: job }) };
  },
  openWorker: async (url, { settings, slots, handle }) => {
    const boss = await open(url, settings.boss);
    await boss.work(QUEUE, { localConcurrency: slots, pollingIntervalSeconds: 0.5 }, async ([{ data }]) =>
      handle(data.i),
    );
  },
  look: async (url) => {
    const jobs = await query(url, "select (data->>'i')::int i, state::text from pgboss.job where name = $1", [QUEUE]);
    const numbersOf = (...states) => jobs.filter(({ state }) => states.includes(state)).map(({ i }) => i);
    return { unfinished: numbersOf("created", "retry", "active"), failed: numbersOf("failed") };
  },
};

async function open(connectionString, options) {
  const boss = new PgBoss({ connectionString, schedule: false, ...options });
  boss.on("error", () => {}); // it goes on by itself
  await boss.start();
  return boss;
}
