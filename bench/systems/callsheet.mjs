import { watchClaims } from "../actors/claim-watch.mjs";
import { readInTurn } from "../actors/reads-in-turn.mjs";
import { installedVersion } from "./installed-version.mjs";
import { payloadOf } from "./job.mjs";

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
  prepareContention: async ({ query }, { units, lanes = 0 }) => {
    await query(`
      insert into callsheet.pool (name, scope, capacity, base)
      select 'lane-' || n, 'cluster', 1, 1 from generate_series(0, ${lanes - 1}) n
      union all select '${POOL}', 'cluster', ${units}, ${units}`);
  },
  prepareSettled: async ({ query }, { count }) => {
    const columns = (table, id) =>
      query(
        `select string_agg(quote_ident(attname), ', ' order by attnum) as "all" from pg_attribute
         where attrelid = 'callsheet.${table}'::regclass and attnum > 0 and not attisdropped and attname <> '${id}'`,
      ).then(([row]) => row.all);
    const all = await columns("job", "id");
    const [{ id: first }] = await query("select id from callsheet.job limit 1");
    await query(
      `insert into callsheet.job (id, ${all}) select gen_random_uuid(), ${all} from callsheet.job, generate_series(1, ${count}) where id = $1`,
      [first],
    );
    await query(`
      insert into callsheet.outcome (job_id, ended_at, started_at, xid, seq, attempt, retries, state, from_state, rollback, crashes, queued)
      select j.id, now() - interval '30 days', now() - interval '30 days', 3, 2, 1, 0, 'completed', 'pending', 'none', 0, true
      from callsheet.job j where not exists (select from callsheet.work w where w.job_id = j.id)`);
  },
  haveBegun: async ({ query }) => {
    const [{ all }] = await query(`select bool_and(counter > 0) as "all" from callsheet.node`);
    return all;
  },
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
  firstJob,
};

// A producer and a worker of one process share one Callsheet, as they do in an application.
const shared = { users: 0, opening: undefined, count: () => {} };

/** `worksSoon`: a node is started in it next. */
async function open(url, { worksSoon = false } = {}) {
  shared.users += 1;
  shared.opening ??= openFirst(url, worksSoon);
  return shared.opening;
}

async function close() {
  shared.users -= 1;
  if (shared.users > 0) return;
  const { cs } = await shared.opening;
  shared.opening = undefined;
  await cs.close();
}

async function openFirst(url, worksSoon) {
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
  const member = defineActionType({
    type: "bench.member",
    version: 1,
    configuration: z.object({ to: z.string(), k: z.string() }),
    run: async (context) => {
      shared.count(Number(context.target.id));
    },
  });
  const cs = await Callsheet.open({ databaseUrl: url, worksSoon, resolvers: [{ type: "crew", members: crewOf }] });
  const action = await cs.actions.put({ name: ACTION, type });
  return { cs, type, member, action };
}

const memberOf = (n) => ({ type: "person", id: String(n) });

/** The members of a group that is named by their number. */
async function* crewOf(id) {
  for (let n = 0; n < Number(id); n += 1) yield memberOf(n);
}

/** Makes members, in one group or each for itself, and reads the group while it is worked off. */
function makeMembers({ cs, member }, url) {
  let id;
  let reading;
  return {
    createMembers: async ({ count, isGroup }) => {
      const action = await cs.actions.put({ name: "member", type: member, flags: ["groupMember"] });
      const { i: _, ...configuration } = payloadOf(0);
      if (isGroup) {
        const target = { type: "crew", id: String(count) };
        id = (await cs.jobs.create(action, { configuration, target })).id;
      } else
        await cs.jobs.createMany(
          action,
          Array.from({ length: count }, (_, n) => ({ configuration, target: memberOf(n) })),
        );
    },
    watchGroup: async () => {
      reading = await readInTurn(url, () => cs.groups.get(id));
    },
    groupReads: () => reading.stop(),
  };
}

/** `objects`: jobs need a unit and lock one of so many each. `openLanes`: jobs need a unit, in so many lanes. */
async function openProducer(url, { objects, openLanes }) {
  const { cs, type, member, action: plain } = await open(url);
  const contended = { type, needs: { [POOL]: 1 } };
  const actions = objects
    ? [await cs.actions.put({ name: "contended", ...contended, lock: "exclusive" })]
    : openLanes
      ? await inTurn(openLanes, (n) => cs.actions.put({ name: `open-${n}`, ...contended }))
      : [plain];
  const inputOf = ({ payload, priority }) => ({
    configuration: payload,
    ...(priority === undefined ? {} : { priority: PRIORITIES[priority] }),
    ...(objects ? { target: { type: "asset", id: String(payload.i % objects) } } : {}),
  });
  let holder;
  return {
    ...makeMembers({ cs, member }, url),
    retain: async () => {
      await cs.retention.put({}, { keepMs: 86_400_000 });
      // It goes on while the others work; what it has done is counted in the store.
      void cs.retention.run().catch(() => {});
    },
    createMany: (jobs) =>
      Promise.all(
        actions.map((action, n) =>
          cs.jobs.createMany(action, jobs.filter(({ payload }) => payload.i % actions.length === n).map(inputOf)),
        ),
      ),
    createOne: (payload) => cs.jobs.create(actions[0], inputOf({ payload })),
    block: async ({ count, lanes }) => {
      holder = await fillPools(cs, lanes);
      const each = Math.floor(count / lanes);
      await inTurn(lanes, async (n) => {
        const action = await cs.actions.put({ name: `stuck-${n}`, type, needs: { [`lane-${n}`]: 1 } });
        const job = { configuration: payloadOf(0), priority: "highest" };
        if (each > 0) await cs.jobs.createMany(action, new Array(each).fill(job));
      });
      return each * lanes + holder.jobs;
    },
    close: async () => {
      await holder?.release();
      await close();
    },
  };
}

/** What a job may need at most. */
const MOST_NEEDS = 20;

/** Jobs that run until they are released and hold the only unit of each lane's pool. */
async function fillPools(cs, lanes) {
  const { defineActionType } = await import("@callsheet/core");
  const { z } = await import("zod");
  const jobs = Math.ceil(lanes / MOST_NEEDS);
  const gate = Promise.withResolvers();
  const full = Promise.withResolvers();
  let begun = 0;
  const type = defineActionType({
    type: "bench.hold",
    version: 1,
    configuration: z.object({}),
    run: async () => {
      begun += 1;
      if (begun === jobs) full.resolve();
      await gate.promise;
    },
  });
  await inTurn(jobs, async (n) => {
    const names = Array.from({ length: Math.min(MOST_NEEDS, lanes - n * MOST_NEEDS) }, (_, k) => n * MOST_NEEDS + k);
    const needs = Object.fromEntries(names.map((lane) => [`lane-${lane}`, 1]));
    await cs.jobs.create(await cs.actions.put({ name: `hold-${n}`, type, needs }), { configuration: {} });
  });
  const node = await cs.work({ name: "holder", types: [type], slots: jobs });
  await full.promise;
  return {
    jobs,
    release: async () => {
      gate.resolve();
      await node.stop();
    },
  };
}

async function inTurn(count, make) {
  const made = [];
  for (let n = 0; n < count; n += 1) made.push(await make(n));
  return made;
}

/** `nodes`: so many of them, each with its own connections. */
async function openWorker(url, { slots, nodes = 1 }, count) {
  const claims = watchClaims();
  const { cs, type, member } = await open(url, { worksSoon: true });
  shared.count = count;
  let started = [];
  return {
    start: async () => {
      for (const node of started) node.resume();
      if (started.length > 0) return;
      started = await Promise.all(
        Array.from({ length: nodes }, (_, n) =>
          cs.work({ name: `bench-${process.pid}-${n}`, types: [type, member], slots }),
        ),
      );
    },
    rest: async () => {
      await Promise.all(started.map((node) => node.pause()));
    },
    claims,
    stop: async () => {
      await Promise.all(started.map((node) => node.stop()));
      await close();
    },
  };
}

async function firstJob(url) {
  const { cs, type, action } = await open(url, { worksSoon: true });
  const working = cs.work({ name: `bench-${process.pid}`, types: [type] });
  await cs.jobs.wait(await cs.jobs.create(action, { configuration: payloadOf(0) }));
  const node = await working;
  return {
    close: async () => {
      await node.stop();
      await close();
    },
  };
}
