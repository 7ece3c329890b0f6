import { expect, onTestFinished, test } from "vitest";
import { Claimer } from "../../src/engine/claimer.ts";
import type { ClaimerOptions } from "../../src/engine/claiming.ts";
import { systemEnvironment } from "../../src/engine/environment.ts";
import { Scouts } from "../../src/engine/scouts.ts";
import { createCatalogue } from "../../src/operations/catalogue.ts";
import type { HotPath } from "../../src/store/hot-path.ts";
import { aNode, openTestDatabase } from "../../src/testing/index.ts";

/** A claimer on a database of its own. `meanwhile` is done once, between the answer of the next look, or about pools, and its arrival. */
async function aClaimer() {
  const database = await openTestDatabase();
  onTestFinished(() => database.close());
  const [{ store }, environment] = [database, systemEnvironment()];
  const cs = await database.open();
  const nodeId = await aNode(database, "here");
  const hot = await store.openHotPath("here");
  onTestFinished(() => hot.close());
  const meanwhile: Record<"look" | "pools", () => Promise<void>> = { look: nothing, pools: nothing };
  const after = async <T>(answer: Promise<T>, what: keyof typeof meanwhile) => {
    const answered = await answer;
    const work = meanwhile[what];
    meanwhile[what] = nothing;
    await work();
    return answered;
  };
  const contend: HotPath["contend"] = (work) => after(hot.contend(work), "look");
  const readPools: typeof store.readPools = (...asked) => after(store.readPools(...asked), "pools");
  const claimer = new Claimer({
    part: {
      ...{ store: { ...store, readPools }, environment, scouts: new Scouts({ environment, census: { processes: 1 } }) },
      catalogue: createCatalogue(store, environment.monotonic, () => {}),
    },
    ...{ nodeId: () => nodeId, name: "here", site: "default", capabilities: new Set(), running: () => new Map() },
    ...{ codes: new Map([["test", { version: 1 }]]), hot: async () => ({ ...hot, contend }), onHungry: () => {} },
  } as unknown as ClaimerOptions);
  let count = 0;
  const create = async (action: string) =>
    (await cs.jobs.create(action, { target: { type: "asset", id: `${count++}` } })).id;
  const hear = async (action: string, jobId: string) => {
    const lane = (await store.lanesFor("default", ["test"])).find((one) => one.action === action);
    claimer.hear({ kind: "lane", laneId: lane!.id, rank: 0, jobId });
  };
  const claimed = async () => (await claimer.claim(1, false)).jobs.map((job) => job.id);
  return { cs, meanwhile, create, hear, claimed };
}

const nothing = async () => {};

test("a job that is heard of while nothing is found yet is found by the next look", async () => {
  const { cs, meanwhile, create, hear, claimed } = await aClaimer();
  await cs.actions.put({ name: "edit", type: "test", lock: "exclusive" });
  const first = await create("edit");
  expect(await claimed()).toEqual([first]);
  let id: string | undefined;
  meanwhile.look = async () => {
    id = await create("edit");
    await hear("edit", id);
  };
  expect(await claimed()).toEqual([]);
  expect(await claimed()).toEqual([id]);
});

test("so is one that is heard of while pools are read and all lanes that were known are paused", async () => {
  const { cs, meanwhile, create, hear, claimed } = await aClaimer();
  for (const name of ["edit", "mix"]) await cs.actions.put({ name, type: "test", lock: "exclusive" });
  await create("edit");
  await cs.pauses.pause({ action: "edit" });
  let id: string | undefined;
  meanwhile.pools = async () => {
    id = await create("mix");
    await hear("mix", id);
  };
  expect(await claimed()).toEqual([]);
  expect(await claimed()).toEqual([id]);
});
