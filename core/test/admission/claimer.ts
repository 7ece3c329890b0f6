import type { JobInput } from "@callsheet/contract";
import { onTestFinished } from "vitest";
import { Claimer } from "../../src/engine/claimer.ts";
import type { ClaimerOptions } from "../../src/engine/claiming.ts";
import { systemEnvironment } from "../../src/engine/environment.ts";
import { Keeping, type KeepingOptions } from "../../src/engine/keeping.ts";
import type { Part } from "../../src/engine/part.ts";
import { Scouts } from "../../src/engine/scouts.ts";
import { createCatalogue } from "../../src/operations/catalogue.ts";
import { endAttempts } from "../../src/operations/end.ts";
import type { Claimed } from "../../src/store/claim.ts";
import type { HotPath } from "../../src/store/hot-path.ts";
import { aNode, openTestDatabase } from "../../src/testing/index.ts";

/** A claimer on a database of its own. `meanwhile` is done once, between the answer of the next look at jobs that contend, at plain ones, or at pools, and its arrival. */
export async function aClaimer({ keeps = {}, ...time }: { keeps?: KeepingOptions; monotonic?: () => number } = {}) {
  const database = await openTestDatabase();
  onTestFinished(() => database.close());
  const [{ store }, environment] = [database, { ...systemEnvironment(), ...time }];
  const cs = await database.open();
  const nodeId = await aNode(database, "here");
  const hot = await store.openHotPath("here");
  onTestFinished(() => hot.close());
  const meanwhile = { look: nothing, plain: nothing, pools: nothing };
  const after = async <T>(answer: Promise<T>, what: keyof typeof meanwhile) => {
    const answered = await answer;
    const work = meanwhile[what];
    meanwhile[what] = nothing;
    await work();
    return answered;
  };
  const contend: HotPath["contend"] = (work) => after(hot.contend(work), "look");
  const claim: HotPath["claim"] = (request) => after(hot.claim(request), "plain");
  const readPools: typeof store.readPools = (...asked) => after(store.readPools(...asked), "pools");
  const catalogue = createCatalogue(store, environment.monotonic, () => {});
  const scouts = new Scouts({ environment, census: { processes: 1 } });
  const part = { store: { ...store, readPools }, environment, scouts, catalogue } as unknown as Part;
  const keeping = new Keeping(part, () => nodeId, keeps);
  const claimer = new Claimer({
    ...{ part, keeping },
    ...{ nodeId: () => nodeId, name: "here", site: "default", capabilities: new Set(), running: () => new Map() },
    ...{
      codes: new Map([["test", { version: 1 }]]),
      hot: async () => ({ ...hot, contend, claim }),
      onHungry: () => {},
    },
  } as unknown as ClaimerOptions);
  let count = 0;
  const create = async (action: string, priority: JobInput["priority"] = "normal", asset = `${count++}`) =>
    (await cs.jobs.create(action, { target: { type: "asset", id: asset }, priority })).id;
  const ask = async <Row extends object>(text: string) => (await database.db.query<Row>({ text, values: [] })).rows[0]!;
  const hear = async (jobId: string, rank = 3) => {
    const { laneId } = await ask<{ laneId: number }>(
      `select lane_id as "laneId" from callsheet.job where id = '${jobId}'`,
    );
    claimer.hear({ kind: "lane", laneId, rank, jobId, isNew: true });
  };
  const claimed = async (want = 1) => (await claimer.claim(want, false)).jobs.map((job) => job.id);
  /** Completes the only member of the only claim, which gives its units back, and tells the claimer. */
  const complete = async (id: string) => {
    const { token, pool } = await ask<{ token: string; pool: number }>(
      "select token::text, pool_ids[1] as pool from callsheet.claim",
    );
    await endAttempts(store, catalogue, [{ id, token, isMember: true, ending: { kind: "completed" } }], () => 0.5);
    claimer.hear({ kind: "pool", poolId: pool });
  };
  /** Completes the only member of a claim, as its node does. */
  const completeHere = async ({ id, token, locks, isKept = false }: Claimed) => {
    const held = { locks: locks.map(({ key }) => ({ jobId: id, key })), isKept };
    await hot.completeHolders([
      { token, size: 1, ids: [id], ordinals: [1], results: [null], offsets: [0], units: [], ...held },
    ]);
    if (isKept) keeping.freed(held.locks);
  };
  return {
    ...{ keeping, completeHere },
    ...{ cs, database, store, meanwhile, create, hear, claimed, complete },
    claim: () => claimer.claim(1, false),
  };
}

const nothing = async () => {};
