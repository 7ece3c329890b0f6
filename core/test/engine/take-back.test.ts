import { linkSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { systemEnvironment } from "../../src/engine/environment.ts";
import { placeOf, takeBack } from "../../src/engine/take-back.ts";
import { aFolder, type Folder } from "../fixtures/folder.ts";

const { files } = systemEnvironment();
const HIDDEN = ".a.job.7.0";
const back = (folder: Folder, made: readonly string[] = []) =>
  takeBack(files, { directory: folder.path, name: "a", hidden: HIDDEN, made });

describe("what a killed node had begun to publish is taken back", () => {
  test.each<[string, (folder: Folder) => void, string[]]>([
    ["before anything was made", () => {}, []],
    ["when it was staged", (folder) => writeFileSync(folder.at(`${HIDDEN}.part`), "new"), []],
    [
      "when the older file had a second name",
      (folder) => {
        for (const name of ["a", `${HIDDEN}.part`]) writeFileSync(folder.at(name), name === "a" ? "old" : "new");
        linkSync(folder.at("a"), folder.at(`${HIDDEN}.old`));
      },
      ["a"],
    ],
    ["when the older file had no other name", (folder) => writeFileSync(folder.at(`${HIDDEN}.old`), "old"), ["a"]],
    [
      "when the older file was replaced",
      (folder) => {
        writeFileSync(folder.at("a"), "new");
        writeFileSync(folder.at(`${HIDDEN}.old`), "old");
      },
      ["a"],
    ],
  ])("%s, twice if need be", async (_, prepare, names) => {
    const folder = aFolder();
    writeFileSync(folder.at(".a.other.7.0.part"), "another job's");
    prepare(folder);
    await back(folder);
    await back(folder);
    expect(folder.names()).toEqual([".a.other.7.0.part", ...names]);
    if (names.length > 0) expect(folder.read("a")).toBe("old");
  });

  test("with the directories that were made for it, the deepest first", async () => {
    const folder = aFolder();
    const place = await placeOf(files, folder.at("new/deep"));
    expect(place).toEqual({ directory: folder.at("new/deep"), made: [folder.at("new"), folder.at("new/deep")] });
    mkdirSync(folder.at("new/deep"), { recursive: true });
    writeFileSync(folder.at(`new/deep/${HIDDEN}.part`), "new");
    await takeBack(files, { name: "a", hidden: HIDDEN, ...place });
    expect(folder.names()).toEqual([]);
    expect(await placeOf(files, folder.path)).toEqual({ directory: folder.path, made: [] });
  });

  test("but not from another directory that stands in its place", async () => {
    const [folder, stranger] = [aFolder(), aFolder()];
    mkdirSync(folder.at("there"));
    renameSync(folder.at("there"), folder.at("elsewhere"));
    symlinkSync(stranger.path, folder.at("there"));
    writeFileSync(stranger.at(`${HIDDEN}.part`), "not ours");
    await takeBack(files, { directory: folder.at("there"), name: "a", hidden: HIDDEN, made: [folder.at("there")] });
    expect(stranger.names()).toEqual([`${HIDDEN}.part`]);
    expect(folder.names()).toEqual(["elsewhere", "there"]);
  });
});
