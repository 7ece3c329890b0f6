import type { ActionInput, Resolver, TimedInput } from "@callsheet/contract";
import { expect, test } from "vitest";
import { refusal } from "../fixtures/floor.ts";
import { aCrew } from "./crew.ts";

/** A collection named `dailies` of one asset, and an action that takes it. */
async function aCollection(flags: ActionInput["flags"]) {
  const crew = await aCrew({ flags }, { alone: true });
  await crew.cs.assets.create({ id: "a", root: "main", path: "a.mov" });
  const { id } = await crew.cs.collections.create("dailies", [{ type: "asset", id: "a" }]);
  return { ...crew, id, named: { type: "collection", id: "dailies" }, meant: { type: "collection", id } };
}

test.each([["groupMember"], ["group"]] as const)(
  "a job of a collection that is told by its name stands with its id, by an action with the flag %s",
  async (flag) => {
    const { cs, create, id, named, meant } = await aCollection([flag]);
    const job = await create({ target: named });
    expect((await cs.jobs.get(job)).target).toEqual(meant);
    expect((await refusal(() => cs.collections.delete("dailies"))).code).toBe("collection_in_use");
    await cs.collections.rename(id, "day 1");
    for (const told of [meant, { type: "collection", id: "day 1" }])
      expect(await cs.jobs.list({ target: told })).toMatchObject([{ id: job.id }]);
    expect(await refusal(() => create({ target: named }))).toMatchObject({ code: "unknown_collection" });
  },
);

test("so does a timed action over one, made and changed", async () => {
  const { cs, name, named, meant } = await aCollection(["groupMember", "timed"]);
  const rule: TimedInput["rule"] = { kind: "daily", at: ["02:30"] };
  expect(await cs.timed.create({ name: "t", action: name, rule, job: { target: named } })).toMatchObject({
    job: { target: meant },
  });
  const { id } = await cs.collections.create("others", [{ type: "asset", id: "a" }]);
  const job = { target: { type: "collection", id: "others" } };
  expect(await cs.timed.update("t", { job })).toMatchObject({ job: { target: { type: "collection", id } } });
  expect((await refusal(() => cs.collections.delete("others"))).code).toBe("collection_in_use");
});

test("jobs of a collection that is gone are found by its id", async () => {
  const { cs, create, id, named, meant } = await aCollection(["groupMember"]);
  const job = await create({ target: named });
  await cs.groups.cancel(job);
  await cs.collections.delete(id);
  expect(await cs.jobs.list({ target: meant })).toMatchObject([{ id: job.id }]);
});

test("a resolver of one's own may tell an id by a name", async () => {
  const reels: Resolver = {
    type: "reel",
    idOf: async (told) => told.replace(/^Reel /, ""),
    async *members(id) {
      yield { type: "shot", id: `${id}/1` };
    },
  };
  const { cs, create } = await aCrew({}, { resolvers: [reels] });
  const job = await create({ target: { type: "reel", id: "Reel 7" } });
  expect((await cs.jobs.get(job)).target).toEqual({ type: "reel", id: "7" });
  expect(await cs.jobs.list({ parentId: job.id })).toMatchObject([{ target: { type: "shot", id: "7/1" } }]);
});
