import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { refusal } from "../fixtures/floor.ts";
import { aCallsheet, aFile, aFolder, all } from "./place.ts";

describe("a folder is catalogued in one call", () => {
  test("with all files below it, by their paths below the media root", async () => {
    const main = await aFolder([
      "day 1/A001.mov",
      "day 1/sound/A001.wav",
      "day 2/B001.mov",
      "notes.txt",
      ".hidden/x.mov",
    ]);
    const { cs } = await aCallsheet({ mediaRoots: { main } });
    const done = await cs.as("ada").assets.register(main, { tags: ["rushes"] });
    expect(done).toEqual({
      ...{ root: "main", created: 4, known: 0, collectionId: null, skippedCount: 0, skipped: [] },
    });
    const listed = await cs.assets.list();
    expect(listed.map(({ path }) => path).reverse()).toEqual([
      ...["day 1/A001.mov", "day 1/sound/A001.wav", "day 2/B001.mov", "notes.txt"],
    ]);
    expect(listed[0]).toMatchObject({ root: "main", actor: "ada", tags: ["rushes"] });
  });

  test("again, what is new is added, and the rest stays", async () => {
    const main = await aFolder(["1.mov", "3.mov"]);
    const { cs } = await aCallsheet({ mediaRoots: { main } });
    await cs.assets.register(main, { collection: "dailies" });
    await aFile(main, "2.mov");
    const again = await cs.assets.register(main, { collection: "dailies" });
    expect(again).toMatchObject({ created: 1, known: 2 });
    expect((await all(cs.collections.assets("dailies"))).map(({ name }) => name)).toEqual(["1.mov", "3.mov", "2.mov"]);
  });

  test("only its own files, or those alone whose names match", async () => {
    const main = await aFolder(["a.MOV", "b.wav", "c.mov.part", "below/d.mov", "odd[1].mov", "x.mxf"]);
    const { cs } = await aCallsheet({ mediaRoots: { main } });
    expect(await cs.assets.register(main, { recursive: false, match: ["*.mov", "?.wav"] })).toMatchObject({
      created: 3,
    });
    expect(await cs.assets.register(main, { match: ["odd[1]*"] })).toMatchObject({ created: 0, known: 1 });
    expect(await cs.assets.register(main, { match: ["d*"] })).toMatchObject({ created: 1 });
  });

  test("into one collection, in natural order", async () => {
    const main = await aFolder(["take 10.mov", "take 2.mov", "b/1.mov", "Take 1.mov", "z.mov"]);
    const { cs } = await aCallsheet({ mediaRoots: { main } });
    const { collectionId } = await cs.assets.register(main, { collection: "dailies" });
    expect(await cs.collections.get("dailies")).toMatchObject({ id: collectionId, memberCount: 5 });
    const names = (await all(cs.collections.assets("dailies"))).map(({ path }) => path);
    expect(names).toEqual(["b/1.mov", "Take 1.mov", "take 2.mov", "take 10.mov", "z.mov"]);
  });

  test("into nested collections, one a folder that holds something", async () => {
    const main = await aFolder(["a.mov", "day 2/cam A/1.mov", "day 2/cam B/2.mov", "day 10/3.mov", "z.mov"]);
    await mkdir(join(main, "empty/er"), { recursive: true });
    const { cs } = await aCallsheet({ mediaRoots: { main } });
    await cs.assets.register(main, { collection: "dailies", nested: true });
    await cs.assets.register(main, { collection: "dailies", nested: true });
    const names = (await cs.collections.list()).map(({ name }) => name);
    expect(names).toEqual(["dailies", "dailies/day 10", "dailies/day 2", "dailies/day 2/cam A", "dailies/day 2/cam B"]);
    const members = await cs.collections.members("dailies");
    expect(members.map(({ type, name }) => `${type} ${name}`)).toEqual([
      ...["asset a.mov", "collection dailies/day 2", "collection dailies/day 10", "asset z.mov"],
    ]);
    const flat = (await all(cs.collections.assets("dailies"))).map(({ path }) => path);
    expect(flat).toEqual(["a.mov", "day 2/cam A/1.mov", "day 2/cam B/2.mov", "day 10/3.mov", "z.mov"]);
  });

  test("of several roots, below the nearest one, wherever that is mounted", async () => {
    const main = await aFolder(["projects/film/a.mov"]);
    const link = join(await aFolder(), "mounted");
    await symlink(main, link);
    const { cs } = await aCallsheet({ mediaRoots: { main: link, film: join(main, "projects/film") } });
    expect(await cs.assets.register(join(link, "projects"))).toMatchObject({ root: "main", created: 1 });
    expect(await cs.assets.register(join(main, "projects/film"))).toMatchObject({ root: "film", created: 1 });
    expect((await cs.assets.list()).map(({ path }) => path)).toEqual(["a.mov", "projects/film/a.mov"]);
  });

  test("without what cannot be catalogued, which is told", async () => {
    const main = await aFolder(["fine.mov", "line\nbreak.mov", "🎬.mov", Buffer.from([0x66, 0xff, 0x2e, 0x6d])]);
    const outside = await aFolder(["secret.mov"]);
    await symlink(join(outside, "secret.mov"), join(main, "file-link.mov"));
    await symlink(outside, join(main, "folder-link"));
    const { cs } = await aCallsheet({ mediaRoots: { main } });
    const done = await cs.assets.register(main);
    expect(done).toMatchObject({ created: 3, skippedCount: 3 });
    expect(done.skipped).toEqual([
      ...[
        { path: "file-link.mov", why: "it is a link" },
        { path: "folder-link", why: "it is a link" },
      ],
      { path: "f\ufffd.m", why: "its name is no UTF-8" },
    ]);
    expect((await cs.assets.list()).map(({ path }) => path)).toContain("line\nbreak.mov");
  });

  test("that is below no root, or no folder, is refused", async () => {
    const [main, outside] = [await aFolder(["a.mov"]), await aFolder(["a.mov"])];
    await symlink(outside, join(main, "way-out"));
    const { cs } = await aCallsheet({ mediaRoots: { main } });
    const codeOf = async (folder: string, options = {}) =>
      (await refusal(() => cs.assets.register(folder, options))).code;
    expect(await codeOf(outside)).toBe("media_root_missing");
    expect(await codeOf(join(main, "way-out"))).toBe("media_root_missing");
    expect(await codeOf(`${main}x`)).toBe("folder_unreadable");
    expect(await codeOf(join(main, "a.mov"))).toBe("folder_unreadable");
    expect(await codeOf("relative")).toBe("invalid_argument");
    expect(await codeOf(main, { nested: true })).toBe("invalid_argument");
    expect(await codeOf(main, { match: [] })).toBe("invalid_argument");
    expect(await codeOf(main, { collection: "" })).toBe("invalid_argument");
    expect(await cs.assets.list()).toEqual([]);
  });
});

test("media roots are absolute directories with names", async () => {
  for (const mediaRoots of [{ main: "relative" }, { "No Name": "/mnt" }, { main: 17 }])
    expect((await refusal(() => aCallsheet({ mediaRoots: mediaRoots as never }))).code).toBe("invalid_argument");
});
