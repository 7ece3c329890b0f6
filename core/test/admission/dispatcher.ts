import type { Ending } from "@callsheet/contract";
import { Contention } from "../../src/engine/contention.ts";
import { systemEnvironment } from "../../src/engine/environment.ts";
import { Keeping } from "../../src/engine/keeping.ts";
import type { Part } from "../../src/engine/part.ts";
import { createCatalogue } from "../../src/operations/catalogue.ts";
import { type EndResult, endAttempts } from "../../src/operations/end.ts";
import type { Claimed } from "../../src/store/claim.ts";
import type { Store } from "../../src/store/store.ts";
import { aNode, type TestDatabase } from "../../src/testing/index.ts";

/** What claims and ends jobs as a node does, step by step, without running anything. */
export interface Dispatcher {
  readonly nodeId: number;
  /** Looks at everything anew, as if nothing had been seen before, and every patience had passed. */
  claim(want?: number): Promise<readonly Claimed[]>;
  /** Completes a member of a claim by its bit, and what has a row of its own by that. */
  complete(job: Claimed): Promise<void>;
  end(job: Claimed, ending: Ending, how?: { readonly stillRuns: true }): Promise<EndResult>;
  close(): Promise<void>;
}

/** How a dispatcher is to work. */
interface Ways {
  /** It keeps the objects of so many jobs that start at once. Default: as a node does. */
  readonly keepsFrom?: number | undefined;
  /** Its time passes as it does, so that it leaves jobs for a while; or stands still. Default: every patience has passed. */
  readonly time?: "passes" | "stands still";
  /** Done once in each try of a claim, before it looks at anything. */
  readonly meanwhile?: () => Promise<void>;
}

/** `store`: where it ends jobs; that of the database by default. */
export async function aDispatcher(
  database: TestDatabase,
  name: string,
  store = database.store,
  { keepsFrom, time, meanwhile = async () => {} }: Ways = {},
): Promise<Dispatcher> {
  const nodeId = await aNode(database, name);
  const hot = await store.openHotPath(name);
  const contend: Hot["contend"] = (work) => hot.contend((tx) => meanwhile().then(() => work(tx)));
  const environment = systemEnvironment();
  const catalogue = createCatalogue(store, environment.monotonic, () => {});
  let now = 0;
  const monotonic = () => {
    if (time === undefined) now += 1_000;
    return now;
  };
  const timed = time === "passes" ? environment : { ...environment, monotonic };
  const ofKeeping = time === "stands still" ? timed : environment;
  const keeping = new Keeping({ store, environment: ofKeeping } as Part, () => nodeId, {
    ...(keepsFrom ? { from: keepsFrom } : {}),
    hinderedMs: 0,
  });
  const contention = new Contention({
    part: { store, catalogue, environment: timed } as Part,
    nodeId: () => nodeId,
    ...{ name, site: "default", codes: new Map([["test", { version: 1 }]]), capabilities: new Set() },
    running: () => new Map(),
    keeping,
    hot: async () => ({ ...hot, contend }),
    onHungry: () => {},
  });
  const sizes = new Map<string, number>();
  const end: Dispatcher["end"] = (job, ending, how = undefined) => {
    keeping.lose([job.id]);
    const ended = { id: job.id, token: job.token, isMember: job.ordinal > 0, ending, ...how };
    return endAttempts(store, catalogue, [ended], () => 0.5);
  };
  return {
    nodeId,
    claim: async (want = 1) => {
      contention.setLanes(await store.lanesFor("default", ["test"]));
      const once = async () => {
        contention.look();
        return (await contention.claim(want, false))?.jobs ?? [];
      };
      const first = await once();
      // Whom it saw for the first time it lets stand where he is.
      const jobs = first.length > 0 ? first : await once();
      for (const { token, ordinal } of jobs) sizes.set(token, Math.max(sizes.get(token) ?? 0, ordinal));
      return jobs;
    },
    complete: async (job) => {
      const isStored = job.ordinal > 0 && (await completeMember(hot, job, sizes.get(job.token)!));
      if (isStored) keeping.freed(job.locks.map(({ key }) => ({ jobId: job.id, key })));
      else await end(job, { kind: "completed" });
    },
    end,
    close: () => hot.close(),
  };
}

type Hot = Awaited<ReturnType<Store["openHotPath"]>>;

async function completeMember(
  hot: Hot,
  { id, token, ordinal, units = [], locks, isKept = false }: Claimed,
  size: number,
) {
  const held = { units, locks: locks.map(({ key }) => ({ jobId: id, key })), isKept };
  const { refused } = await hot.completeHolders([
    { token, size, ids: [id], ordinals: [ordinal], results: [null], offsets: [0], ...held },
  ]);
  return refused[0]!.length === 0;
}
