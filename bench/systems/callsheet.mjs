import { installedVersion } from "./installed-version.mjs";

const ACTION = "noop";
const TYPE = "bench.noop";
const POOL = "licence";

// From the least urgent level of a mixed backlog to the most.
const PRIORITIES = ["lowest", "low", "normal", "high", "highest"];

// One setting for everything: it must not need tuning for a backlog or for a lone job.
const SETTINGS = { slots: 100 };

/** @type {import("./index.mjs").System} */
export const callsheet = {
  name: "callsheet",
  version: installedVersion("@callsheet/core"),
  store: "postgres",
  settings: { create: { chunk: 5000, inFlight: 2 }, single: {}, drain: SETTINGS, flow: SETTINGS, latency: SETTINGS },
  candidates: [
    ...[1000, 5000, 20000].map((chunk) => ({ part: "create", settings: { chunk, inFlight: 2 } })),
    { part: "create", settings: { chunk: 5000, inFlight: 4 } },
    ...[24, 100, 500].map((slots) => ({ part: "drain", settings: { slots } })),
  ],
  missing: async () => {
    try {
      const { Callsheet } = await import("@callsheet/core");
      return Callsheet === undefined ? "the library has no Callsheet" : undefined;
    } catch (error) {
      return `the library is not built: npm ci and npm run build first (${error.message})`;
    }
  },
  prepare: async (url) => {
    await open(url);
    await close();
  },
  prepareContention: ({ query }, { units }) =>
    query("insert into callsheet.pool (name, scope, capacity, base) values ($1, 'cluster', $2, $2)", [POOL, units]),
  openProducer,
  openWorker,
  watch: async ({ query }) => ({
    left: async () => {
      const [{ n }] = await query(`
        select ((select count(*) from callsheet.job)
              - (select count(*) from callsheet.outcome where state = 'completed'))::int n`);
      return n;
    },
    close: async () => {},
  }),
};

// A producer and a worker of one process share one Callsheet, as they do in an application.
const shared = { users: 0, opening: undefined, count: () => {} };

async function open(url) {
  shared.users += 1;
  shared.opening ??= openFirst(url);
  return shared.opening;
}

async function close() {
  shared.users -= 1;
  if (shared.users > 0) return;
  const { cs } = await shared.opening;
  shared.opening = undefined;
  await cs.close();
}

async function openFirst(url) {
  const { Callsheet, defineActionType } = await import("@callsheet/core");
  const { z } = await import("zod");
  const type = defineActionType({
    type: TYPE,
    version: 1,
    configuration: z.object({ i: z.number(), to: z.string(), k: z.string() }),
    run: async (context) => {
      shared.count(context.configuration.i);
    },
  });
  const cs = await Callsheet.open({ databaseUrl: url });
  const action = await cs.actions.put({ name: ACTION, type });
  return { cs, type, action };
}

async function openProducer(url, { objects }) {
  const { cs, type, action: plain } = await open(url);
  const action = objects
    ? await cs.actions.put({ name: "contended", type, needs: { [POOL]: 1 }, lock: "exclusive" })
    : plain;
  return {
    createMany: (jobs) =>
      cs.jobs.createMany(
        action,
        jobs.map(({ payload, priority }) => ({
          configuration: payload,
          ...(priority === undefined ? {} : { priority: PRIORITIES[priority] }),
          ...(objects ? { target: { type: "asset", id: String(payload.i % objects) } } : {}),
        })),
      ),
    createOne: (payload) => cs.jobs.create(action, { configuration: payload }),
    close,
  };
}

async function openWorker(url, { slots }, count) {
  const { cs, type } = await open(url);
  shared.count = count;
  let node;
  return {
    start: async () => {
      node = await cs.work({ name: `bench-${process.pid}`, types: [type], slots });
    },
    stop: async () => {
      await node.stop();
      await close();
    },
  };
}
