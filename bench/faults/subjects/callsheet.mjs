import { installedVersion } from "../../systems/installed-version.mjs";

const ACTION = "work";

/** @type {import("./index.mjs").Subject} */
export const callsheet = {
  name: "callsheet",
  version: installedVersion("@callsheet/core"),
  store: "postgres",
  leases: {
    usual: {
      words: "a heartbeat that stands still for 12 to 14 s, or a process that is gone from its machine",
      settings: {},
    },
  },
  prepare: async (url) => {
    const { cs, type } = await open(url, async () => {});
    await cs.actions.put({ name: ACTION, type });
    await cs.close();
  },
  openProducer: async (url) => {
    const { cs } = await open(url, async () => {});
    return { create: (job) => cs.jobs.create(ACTION, { configuration: { i: job } }) };
  },
  openWorker: async (url, { name, slots, handle }) => {
    const { cs, type } = await open(url, handle);
    await cs.work({ name, types: [type], slots });
  },
  look: async (url) => {
    const { cs } = await open(url, async () => {});
    try {
      const jobs = [];
      for (let page = await cs.jobs.list({ limit: 1000 }); page.length > 0; ) {
        jobs.push(...page);
        page = await cs.jobs.list({ limit: 1000, after: page.at(-1).id });
      }
      const numbersOf = (some) => some.map(({ configuration }) => configuration.i);
      return {
        unfinished: numbersOf(jobs.filter(({ state }) => state !== "completed" && state !== "failed")),
        failed: numbersOf(jobs.filter(({ state }) => state === "failed")),
      };
    } finally {
      await cs.close();
    }
  },
};

async function open(url, handle) {
  const { Callsheet, defineActionType } = await import("@callsheet/core");
  const { z } = await import("zod");
  const type = defineActionType({
    ...{ type: "faults.work", version: 1, configuration: z.object({ i: z.number() }) },
    run: ({ configuration }) => handle(configuration.i),
  });
  // An error that it goes on after is its own affair here.
  return { cs: await Callsheet.open({ databaseUrl: url, onError: () => {} }), type };
}
