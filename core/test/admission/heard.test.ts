import { expect, onTestFinished, test } from "vitest";
import { Claimer } from "../../src/engine/claimer.ts";
import type { ClaimerOptions } from "../../src/engine/claiming.ts";
import { systemEnvironment } from "../../src/engine/environment.ts";
import { createCatalogue } from "../../src/operations/catalogue.ts";
import type { HotPath } from "../../src/store/hot-path.ts";
import { aNode, openTestDatabase } from "../../src/testing/index.ts";

test("a job that is heard of while nothing is found yet is found by the next look", async () => {
  const database = await openTestDatabase();
  onTestFinished(() => database.close());
  const [{ store }, environment] = [database, systemEnvironment()];
  const cs = await database.open();
  await cs.actions.put({ name: "edit", type: "test", lock: "exclusive" });
  const nodeId = await aNode(database, "here");
  const hot = await store.openHotPath("here");
  onTestFinished(() => hot.close());
  const create = async () => (await cs.jobs.create("edit", { target: { type: "asset", id: "a" } })).id;
  let meanwhile = async () => {};
  const contend: HotPath["contend"] = async (work) => {
    const answer = await hot.contend(work);
    await meanwhile();
    return answer;
  };
  const claimer = new Claimer({
    part: {
      ...{ store, environment, census: { nodes: 1 } },
      catalogue: createCatalogue(store, environment.monotonic, () => {}),
    },
    ...{ nodeId: () => nodeId, name: "here", site: "default", capabilities: new Set(), running: () => new Map() },
    ...{ codes: new Map([["test", { version: 1 }]]), hot: async () => ({ ...hot, contend }), onHungry: () => {} },
  } as unknown as ClaimerOptions);
  await create();
  expect((await claimer.claim(1, false)).jobs).toHaveLength(1);
  let id: string | undefined;
  meanwhile = async () => {
    meanwhile = async () => {};
    id = (await cs.jobs.create("edit", { target: { type: "asset", id: "b" } })).id;
    const [lane] = await store.lanesFor("default", ["test"]);
    claimer.hear({ kind: "lane", laneId: lane!.id, rank: 0, jobId: id });
  };
  expect((await claimer.claim(1, false)).jobs).toEqual([]);
  expect((await claimer.claim(1, false)).jobs.map((job) => job.id)).toEqual([id]);
});
