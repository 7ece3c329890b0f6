import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeTemporaryDirectory, removeTemporary } from "@callsheet/postgres";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mediaAmong, readMediaFolder, stemsOf } from "../../src/demo/media-folder.ts";

let own: string;
beforeAll(async () => {
  own = await makeTemporaryDirectory();
});
afterAll(() => removeTemporary(own));

describe("the media of a folder", () => {
  it("are found in its folders too, but no links, no hidden files, nothing of the folder that is left out", async () => {
    const media = join(own, "media");
    for (const folder of ["deep/er", ".hidden", "demo-out"]) await mkdir(join(media, folder), { recursive: true });
    const names = ["b.mp4", "deep/er/a.WAV", "notes.txt", ".dot.mp4", ".hidden/x.mp4", "demo-out/y.mp4", "NOTICE"];
    for (const name of names) await writeFile(join(media, name), "");
    await symlink(join(media, "b.mp4"), join(media, "linked.mp4"));
    const found = await readMediaFolder(media, { limit: 10, except: join(media, "demo-out") });
    expect(found.files.map(({ name, kind, stem, path }) => [name, kind, stem, path])).toEqual([
      ["b.mp4", "video", "b", join(media, "b.mp4")],
      [join("deep", "er", "a.WAV"), "audio", "deep-er-a", join(media, "deep", "er", "a.WAV")],
    ]);
    expect(found).toMatchObject({ skipped: 1, left: 0 });
    const first = await readMediaFolder(media, { limit: 1, except: "/nowhere" });
    expect(first).toMatchObject({ files: [{ name: "b.mp4" }], left: 2 });
  });

  it("are refused when there are none, or no folder", async () => {
    const nothing = { limit: 10, except: "/nowhere" };
    await mkdir(join(own, "empty"));
    await expect(readMediaFolder(join(own, "empty"), nothing)).rejects.toMatchObject({ code: "no_media" });
    await expect(readMediaFolder(join(own, "missing"), nothing)).rejects.toThrow(/missing is no folder .*ENOENT/);
  });

  it("are films, then pictures, then sound, each by name; what cannot be opened by its name is none", () => {
    const names = ["b.mp3", "z.jpg", "a.mkv", "A.MP4", "c.pdf", "mp4", "lost\u{fffd}.mp4"];
    expect(mediaAmong(names).map(({ name }) => name)).toEqual(["A.MP4", "a.mkv", "z.jpg", "b.mp3"]);
  });
});

it.each([
  [["dog.mp4"], ["dog"]],
  [
    ["speech.mp3", "speech.wav", "Speech.flac"],
    ["speech", "speech-wav", "Speech-flac"],
  ],
  [
    ["a/b.mp4", "a-b.mp4", "a b.mp4"],
    ["a-b", "a-b-mp4", "a-b-mp4-2"],
  ],
  [
    ["\u001b[2J\n.mp4", "¿?.mp4"],
    ["-2J-", "-"],
  ],
  [[`${"é".repeat(300)}.mp4`], ["é".repeat(60)]],
])("what is made of %j is called %j", (names, stems) => {
  expect(stemsOf(names)).toEqual(stems);
});
