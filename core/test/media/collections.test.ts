import { describe, expect, test } from "vitest";
import type { Callsheet, Member } from "../../src/index.ts";
import { refusal } from "../fixtures/floor.ts";
import { aCallsheet, all } from "./place.ts";

const asset = (id: string): Member => ({ type: "asset", id });
const nested = (id: string): Member => ({ type: "collection", id });

/** Assets whose ids are these. */
const assets = (cs: Callsheet, ids: readonly string[]) =>
  cs.assets.createMany(ids.map((id) => ({ id, root: "main", path: `${id}.mov` })));
const flat = async (cs: Callsheet, ref: string) => (await all(cs.collections.assets(ref))).map(({ id }) => id);

describe("a collection", () => {
  test("keeps its members in the order in which they came, each once", async () => {
    const { cs } = await aCallsheet();
    await assets(cs, ["a", "b", "c", "d"]);
    const made = await cs.as("ada", "for review").collections.create("dailies", [asset("c"), asset("a")]);
    expect(made).toMatchObject({ name: "dailies", memberCount: 2, actor: "ada", reason: "for review" });
    expect(await cs.as("bob").collections.add("dailies", [asset("b"), asset("c"), asset("b")])).toBe(1);
    expect(await cs.collections.get(made.id)).toMatchObject({ memberCount: 3, actor: "bob", reason: null });
    expect(await flat(cs, "dailies")).toEqual(["c", "a", "b"]);
    expect(await cs.collections.remove("dailies", [asset("c"), asset("d")])).toBe(1);
    await cs.collections.add("dailies", [asset("c")]);
    expect(await flat(cs, "dailies")).toEqual(["a", "b", "c"]);
  });

  test("takes as many members at once as there are", async () => {
    const { cs } = await aCallsheet();
    const made = await assets(
      cs,
      Array.from({ length: 20_000 }, (_, n) => `a rather long id of an asset, number ${n}`),
    );
    await cs.collections.create(
      "all",
      made.map(({ id }) => asset(id)),
    );
    expect(await cs.collections.get("all")).toMatchObject({ memberCount: 20_000 });
    expect(await flat(cs, "all")).toEqual(made.map(({ id }) => id));
  });

  test("is named once, by a text that is no id", async () => {
    const { cs } = await aCallsheet();
    const { id } = await cs.collections.create("Drehtag 1 – Küche 🎬");
    await cs.collections.create("other");
    expect((await refusal(() => cs.collections.create("other"))).code).toBe("collection_exists");
    expect((await refusal(() => cs.collections.rename(id, "other"))).code).toBe("collection_exists");
    expect((await refusal(() => cs.collections.rename(id, id))).code).toBe("invalid_argument");
    expect(await cs.as("bob").collections.rename(id, "day 1")).toMatchObject({ id, name: "day 1", actor: "bob" });
    for (const name of ["", "nul\0", 17]) {
      expect((await refusal(() => cs.collections.create(name as string))).code).toBe("invalid_argument");
    }
    for (const ref of ["Drehtag 1 – Küche 🎬", "nul", id.replace(/.$/, "")])
      expect((await refusal(() => cs.collections.get(ref))).code).toBe("unknown_collection");
  });

  test("is made with all its members, or not at all", async () => {
    const { cs } = await aCallsheet();
    await assets(cs, ["a"]);
    const refused = await refusal(() => cs.collections.create("dailies", [asset("a"), asset("lost")]));
    expect(refused).toMatchObject({ code: "unknown_asset", details: { ids: ["lost"] } });
    const gone = nested("01890000-0000-7000-8000-00000000dead");
    expect((await refusal(() => cs.collections.create("dailies", [gone]))).code).toBe("unknown_collection");
    expect((await refusal(() => cs.collections.create("dailies", [{ type: "file", id: "x" } as never]))).code).toBe(
      "invalid_argument",
    );
    expect(await cs.collections.list()).toEqual([]);
  });

  test("is listed by name, by part of it, and by what it holds", async () => {
    const { cs } = await aCallsheet();
    await assets(cs, ["a"]);
    const inner = await cs.collections.create("b inner", [asset("a")]);
    await cs.collections.create("A outer", [nested(inner.id)]);
    await cs.collections.create("c");
    const names = async (filter: object) => (await cs.collections.list(filter)).map(({ name }) => name);
    expect(await names({})).toEqual(["A outer", "b inner", "c"]);
    expect(await names({ limit: 1, after: "A outer" })).toEqual(["b inner"]);
    expect(await names({ name: "ER" })).toEqual(["A outer", "b inner"]);
    expect(await names({ holds: asset("a") })).toEqual(["b inner"]);
    expect(await names({ holds: nested(inner.id) })).toEqual(["A outer"]);
    expect((await refusal(() => names({ holds: "a" }))).code).toBe("invalid_argument");
  });

  test("tells its own members page by page, nested ones as they are", async () => {
    const { cs } = await aCallsheet();
    await assets(cs, ["a", "b"]);
    const inner = await cs.collections.create("inner", [asset("b")]);
    await cs.collections.create("outer", [asset("a"), nested(inner.id), asset("b")]);
    const [first, second] = await cs.collections.members("outer", { limit: 2 });
    expect([first, second]).toMatchObject([
      { type: "asset", id: "a", name: "a.mov" },
      { type: "collection", id: inner.id, name: "inner" },
    ]);
    expect(await cs.collections.members("outer", { after: second!.position })).toMatchObject([{ id: "b" }]);
  });

  test("leaves what held it when it is deleted, and what it held stays", async () => {
    const { cs } = await aCallsheet();
    await assets(cs, ["a", "b"]);
    const inner = await cs.collections.create("inner", [asset("b")]);
    await cs.collections.create("outer", [asset("a"), nested(inner.id)]);
    const { name } = await cs.actions.put({ name: "look", type: "test", flags: ["group"] });
    const job = await cs.jobs.create(name, { target: { type: "collection", id: inner.id } });
    expect((await refusal(() => cs.collections.delete("inner"))).code).toBe("collection_in_use");
    await cs.jobs.cancel(job);
    await cs.collections.delete("inner");
    expect(await flat(cs, "outer")).toEqual(["a"]);
    await cs.assets.delete("a");
    expect(await cs.collections.get("outer")).toMatchObject({ memberCount: 0 });
    expect(await cs.assets.list()).toHaveLength(1);
  });
});

describe("a collection never contains itself", () => {
  test("neither directly nor by way of others", async () => {
    const { cs } = await aCallsheet();
    const a = await cs.collections.create("a");
    const b = await cs.collections.create("b", [nested(a.id)]);
    const c = await cs.collections.create("c", [nested(b.id)]);
    for (const one of [a, b, c])
      expect((await refusal(() => cs.collections.add("a", [nested(one.id)]))).code).toBe("collection_circle");
    expect(await cs.collections.get("a")).toMatchObject({ memberCount: 0 });
  });

  test("when two are nested in each other at once, one of them is refused", async () => {
    const { cs } = await aCallsheet();
    for (let round = 0; round < 20; round++) {
      const ids: string[] = [];
      for (const name of ["a", "b", "c", "d"]) ids.push((await cs.collections.create(`${name}${round}`)).id);
      const [a, b, c, d] = ids as [string, string, string, string];
      await cs.collections.add(b, [nested(c)]);
      await cs.collections.add(d, [nested(a)]);
      const both = [cs.collections.add(a, [nested(b)]), cs.collections.add(c, [nested(d)])];
      const done = await Promise.allSettled(both);
      expect(done.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
      const refused = done.find((one) => one.status === "rejected");
      expect(refused).toMatchObject({ reason: { code: "collection_circle" } });
    }
  });
});

describe("as a group", () => {
  test("its members are its assets, those of nested collections in their places, each once", async () => {
    const { cs } = await aCallsheet();
    await assets(cs, ["a", "b", "c", "d"]);
    const inner = await cs.collections.create("inner", [asset("b"), asset("c")]);
    const outer = await cs.collections.create("outer", [asset("a"), nested(inner.id), asset("b"), asset("d")]);
    await cs.collections.create("top", [nested(inner.id), nested(outer.id)]);
    expect(await flat(cs, "outer")).toEqual(["a", "b", "c", "d"]);
    expect(await flat(cs, "top")).toEqual(["b", "c", "a", "d"]);
    expect((await refusal(() => flat(cs, "nobody"))).code).toBe("unknown_collection");
  });
});
