import { describe, expect, test } from "vitest";
import type { AssetInput } from "../../src/index.ts";
import { refusal } from "../fixtures/floor.ts";
import { aCallsheet } from "./place.ts";

const film = (path: string, more: Partial<AssetInput> = {}): AssetInput => ({ root: "main", path, ...more });

describe("a file in the catalogue", () => {
  test("is an asset with the name of the file, and who catalogued it", async () => {
    const { cs } = await aCallsheet();
    const { id, isNew } = await cs.as("ada", "day one").assets.create(film("day 1/A001.mov"));
    expect(isNew).toBe(true);
    expect(await cs.assets.get(id)).toEqual({
      ...{
        id,
        name: "A001.mov",
        root: "main",
        path: "day 1/A001.mov",
        facts: null,
        factsAt: null,
        metadata: {},
        tags: [],
      },
      ...{ actor: "ada", reason: "day one", createdAt: expect.any(Date), changedAt: expect.any(Date) },
    });
  });

  test("keeps its asset when it is catalogued again, as it is", async () => {
    const { cs } = await aCallsheet();
    const first = await cs.assets.create(film("a.mov", { name: "Opening", tags: ["hero"] }));
    const again = await cs.assets.createMany([film("a.mov", { name: "Other" }), film("b.mov"), film("b.mov")]);
    expect(again.map(({ isNew }) => isNew)).toEqual([false, true, false]);
    expect(again[0]!.id).toBe(first.id);
    expect(again[1]!.id).toBe(again[2]!.id);
    expect(await cs.assets.get(first.id)).toMatchObject({ name: "Opening", tags: ["hero"] });
  });

  test("is one of each root: the same path below another one is another file", async () => {
    const { cs } = await aCallsheet();
    const [a, b] = [await cs.assets.create(film("a.mov")), await cs.assets.create(film("a.mov", { root: "archive" }))];
    expect(a.id).not.toBe(b.id);
  });

  test("may have an id that its caller chose, once", async () => {
    const { cs } = await aCallsheet();
    expect(await cs.assets.create(film("a.mov", { id: "A-17" }))).toEqual({ id: "A-17", isNew: true });
    expect(await cs.assets.create(film("a.mov", { id: "A-17" }))).toEqual({ id: "A-17", isNew: false });
    const taken = await refusal(() => cs.assets.create(film("b.mov", { id: "A-17" })));
    expect(taken).toMatchObject({ code: "asset_exists", details: { id: "A-17", path: "b.mov" } });
    const other = await refusal(() => cs.assets.createMany([film("c.mov"), film("a.mov", { id: "B-1" })]));
    expect(other).toMatchObject({ code: "asset_exists", details: { id: "A-17", path: "a.mov" } });
    expect(await cs.assets.list()).toHaveLength(1);
  });

  test("keeps its path exactly, whatever it is called", async () => {
    const { cs } = await aCallsheet();
    const paths = [
      ...[
        "line\nbreak.mov",
        "tab\tand \u202eright-to-left\u202c.mov",
        "emoji 🎬 café.mov",
        "cafe\u0301.mov",
        "café.mov",
      ],
      ...[" spaces at both ends ", "back\\slash and 'quotes\".mov", `${"deep/".repeat(300)}${"x".repeat(255)}`],
    ];
    for (const path of paths) {
      const { id } = await cs.assets.create(film(path));
      expect((await cs.assets.get(id)).path).toBe(path);
      expect(await cs.assets.create(film(path))).toEqual({ id, isNew: false });
    }
    expect(await cs.assets.list()).toHaveLength(paths.length);
  });

  test("never has a path that is none, or leads elsewhere", async () => {
    const { cs } = await aCallsheet();
    const paths = [
      ...["", "/etc/passwd", "../up.mov", "a/../../up.mov", "a//b", "a/./b", "a/", "..", "."],
      ...["nul\0", "half \ud800", "ü".repeat(1_001), 17, null, undefined],
    ];
    for (const path of paths) {
      const refused = await refusal(() => cs.assets.create({ root: "main", path: path as string }));
      expect(refused, String(path)).toMatchObject({ code: "invalid_argument" });
      expect(refused.details).toMatchObject({
        problems: expect.arrayContaining([expect.objectContaining({ field: "path" })]),
      });
    }
  });

  test("is described by what an asset has, and nothing else", async () => {
    const { cs } = await aCallsheet();
    const wrong: readonly (readonly [object, string])[] = [
      [{ root: "Main Root" }, "root"],
      [{ id: "" }, "id"],
      [{ id: "x".repeat(201) }, "id"],
      [{ tags: [""] }, "tags.0"],
      [{ metadata: { when: new Date() } }, "metadata.when"],
      [{ metadata: { text: "nul\0" } }, ""],
      [{ colour: "red" }, ""],
    ];
    for (const [more, field] of wrong) {
      const refused = await refusal(() => cs.assets.create(film("a.mov", more)));
      expect(refused.code).toBe("invalid_argument");
      if (field !== "") expect(refused.details).toMatchObject({ problems: [{ field }] });
    }
  });
});

describe("assets are listed", () => {
  test("newest first, page by page, each once", async () => {
    const { cs } = await aCallsheet();
    const made = await cs.assets.createMany(Array.from({ length: 25 }, (_, n) => film(`${n}.mov`)));
    const seen: string[] = [];
    for (let after: string | undefined; ; ) {
      const page = await cs.assets.list({ limit: 10, ...(after && { after }) });
      if (page.length === 0) break;
      seen.push(...page.map(({ id }) => id));
      after = seen.at(-1);
    }
    expect(seen).toEqual(made.map(({ id }) => id).reverse());
  });

  test("by root, folder, name, tag, and whether a probe has looked at them", async () => {
    const { cs } = await aCallsheet();
    await cs.assets.createMany([
      film("day 1/A001.mov", { tags: ["hero", "graded"] }),
      film("day 1/sound/A001.wav"),
      film("day 10/B001.mov", { tags: ["hero"] }),
      film("day 1/C001.mov", { root: "archive", name: "Opening 100%" }),
    ]);
    const [newest] = await cs.assets.list();
    await cs.assets.setFacts(newest!.id, { kind: "video" });
    const paths = async (filter: Parameters<typeof cs.assets.list>[0]) =>
      (await cs.assets.list(filter)).map(({ path }) => path).sort();
    expect(await paths({ under: "day 1", root: "main" })).toEqual(["day 1/A001.mov", "day 1/sound/A001.wav"]);
    expect(await paths({ tag: "hero" })).toEqual(["day 1/A001.mov", "day 10/B001.mov"]);
    expect(await paths({ name: "a001" })).toEqual(["day 1/A001.mov", "day 1/sound/A001.wav"]);
    expect(await paths({ name: "100%" })).toEqual(["day 1/C001.mov"]);
    expect(await paths({ hasFacts: true })).toEqual(["day 1/C001.mov"]);
    expect(await paths({ hasFacts: false, tag: "graded" })).toEqual(["day 1/A001.mov"]);
    for (const filter of [{ limit: 0 }, { limit: 1_001 }, { hasFacts: "yes" }, { colour: "red" }, { name: "\0" }])
      expect((await refusal(() => cs.assets.list(filter as never))).code).toBe("invalid_argument");
  });
});

describe("an asset is changed", () => {
  test("in what is given alone, and metadata field by field", async () => {
    const { cs } = await aCallsheet();
    const { id } = await cs.assets.create(film("a.mov", { metadata: { scene: 1, take: 2 }, tags: ["hero"] }));
    await cs.as("bob", "mislabelled").assets.update(id, { metadata: { take: 3, scene: null, note: { by: "ada" } } });
    expect(await cs.assets.update(id, { name: "Opening" })).toMatchObject({
      ...{
        name: "Opening",
        path: "a.mov",
        tags: ["hero"],
        metadata: { take: 3, note: { by: "ada" } },
        actor: "system",
      },
    });
    expect((await refusal(() => cs.assets.update("nobody", {}))).code).toBe("unknown_asset");
  });

  test("in its file: then it is not known what that holds, and no two are one file", async () => {
    const { cs } = await aCallsheet();
    const { id } = await cs.assets.create(film("a.mov"));
    await cs.assets.create(film("b.mov"));
    await cs.assets.setFacts(id, { kind: "video", durationSeconds: 1.5 });
    expect(await cs.assets.update(id, { tags: ["x"] })).toMatchObject({ facts: { durationSeconds: 1.5 } });
    expect(await refusal(() => cs.assets.update(id, { path: "b.mov" }))).toMatchObject({ code: "asset_exists" });
    expect(await cs.assets.update(id, { path: "c.mov" })).toMatchObject({ facts: null, factsAt: null });
  });

  test("in its tags, many at once, or none when one is not there", async () => {
    const { cs } = await aCallsheet();
    const made = await cs.assets.createMany([film("a.mov", { tags: ["one", "two"] }), film("b.mov")]);
    const ids = made.map(({ id }) => id);
    await cs.assets.tag(ids, { add: ["two", "three"], remove: ["one"] });
    const tags = async () => (await cs.assets.list()).map((asset) => asset.tags);
    expect(await tags()).toEqual([
      ["two", "three"],
      ["two", "three"],
    ]);
    const refused = await refusal(() => cs.assets.tag([...ids, "nobody"], { add: ["four"] }));
    expect(refused).toMatchObject({ code: "unknown_asset", details: { ids: ["nobody"] } });
    expect(await tags()).toEqual([
      ["two", "three"],
      ["two", "three"],
    ]);
  });

  test("and deleted, unless a job works on it or is to", async () => {
    const { cs } = await aCallsheet();
    const { id } = await cs.assets.create(film("a.mov"));
    const action = await cs.actions.put({ name: "look", type: "test" });
    const job = await cs.jobs.create(action.name, { target: { type: "asset", id } });
    expect(await refusal(() => cs.assets.delete(id))).toMatchObject({ code: "asset_in_use", details: { jobs: 1 } });
    await cs.jobs.cancel(job);
    await cs.assets.delete(id);
    expect((await refusal(() => cs.assets.get(id))).code).toBe("unknown_asset");
    expect((await refusal(() => cs.assets.delete(id))).code).toBe("unknown_asset");
    expect(await cs.jobs.list({ target: { type: "asset", id } })).toHaveLength(1);
  });
});
