import { copyFile, mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { JobAsset } from "@callsheet/contract";
import { Callsheet } from "@callsheet/core";
import { openTestDatabase } from "@callsheet/core/testing";
import { describe, expect, it } from "vitest";
import { mediaActions, mediaCapabilities } from "../src/index.ts";
import { outputOf, outputSchema } from "../src/output-template.ts";
import { found, theFfmpeg } from "./ffmpeg/found.ts";
import { ownDirectory, sample } from "./samples.ts";
import { testContext } from "./test-context.ts";

const own = await ownDirectory();

describe("an output", () => {
  it.each(["/out/a.mp4", "/out/#{file.stem}.mp4", "/out/#{asset.folder}/#{asset.id}-#{job.id}.mp4", "/#{target.id}"])(
    "may be %s",
    (output) => expect(outputSchema.safeParse(output).success).toBe(true),
  );

  it.each(["/out/#{file.size}.mp4", "/out/#{}", "/out/#{file.stem", "/#{job.id}/#{constructor}"])(
    "that names what there is not is refused when the job is created: %s",
    (output) => {
      const { error } = outputSchema.safeParse(output);
      expect(error!.issues[0]!.message).toMatch(/is none of #\{file\.name\}, /);
    },
  );

  const taken = { path: "day 3/take 1.mov", file: "/media/day 3/take 1.mov" };
  const of = (output: string, id = "A-17", given: Partial<typeof taken> = {}) =>
    outputOf(testContext({ output }, { target: { type: "asset", id }, asset: { ...taken, ...given, id } as JobAsset }));

  it("is made of the facts of its job", async () => {
    expect(await of("/out/#{asset.folder}/#{file.stem}.mp4")).toBe("/out/day 3/take 1.mp4");
    expect(await of("/out/#{asset.folder}/#{file.name}", "A", { path: "a.mov" })).toBe("/out/take 1.mov");
    expect(await of("/out/#{asset.id}/#{target.id}.#{asset.id}")).toBe("/out/A-17/A-17.A-17");
    expect(await of("/out/#{file.stem}", "A", { file: "/media/$& #{job.id}.mov" })).toBe("/out/$& #{job.id}");
  });

  it.each(["a/b", "..", ".", "a\0b"])("never leads elsewhere by what its target is called: %j", async (id) => {
    await expect(of("/out/#{target.id}", id)).rejects.toMatchObject({ code: "path_invalid" });
  });

  it("that needs an asset fails where there is none", async () => {
    const context = testContext({ output: "/out/#{asset.id}", path: "/media/a.mov" });
    await expect(outputOf(context)).rejects.toMatchObject({ code: "path_invalid" });
  });
});

it("one action makes a proxy of each asset of a collection, also of files of one name", async ({ skip }) => {
  skip(found === undefined, "no ffmpeg");
  const [media, out] = [join(own, "media"), join(own, "out")];
  for (const folder of ["day 1", "day 2"]) {
    await mkdir(join(media, folder), { recursive: true });
    await copyFile(sample("dog.mp4"), join(media, folder, "take.mp4"));
  }
  await copyFile(sample("dog.mp4"), join(media, "slate.mp4"));
  await using database = await openTestDatabase();
  await using cs = await Callsheet.open({ databaseUrl: database.url, mediaRoots: { media } });
  await cs.assets.register(media, { match: ["*.mp4"], collection: "takes" });
  const { mediaProxy } = mediaActions({ roots: [media], outputRoots: [out], ffmpeg: theFfmpeg().path });
  await mkdir(out);
  const output = join(out, "#{asset.folder}", "#{file.stem}.small.mp4");
  const action = await cs.actions.put({
    name: "proxies",
    type: mediaProxy,
    flags: ["groupMember"],
    configuration: { output, height: 64 },
  });
  const capabilities = await mediaCapabilities({ ffmpeg: theFfmpeg().path });
  await cs.work({ name: "here", types: [mediaProxy], slots: 2, capabilities });
  const { id } = await cs.collections.get("takes");
  const group = await cs.jobs.create(action, { target: { type: "collection", id } });
  expect(await cs.jobs.wait(group, { timeoutMs: 120_000 })).toMatchObject({ state: "completed" });
  const made = ["day 1/take.small.mp4", "day 2/take.small.mp4", "slate.small.mp4"];
  const files = await readdir(out, { recursive: true, withFileTypes: true });
  expect(
    files
      .filter((one) => one.isFile())
      .map((one) => join(one.parentPath, one.name))
      .sort(),
  ).toEqual(made.map((name) => join(out, name)));
  const results = (await cs.jobs.list({ parentId: group.id })).map(({ result }) => result);
  expect(results).toContainEqual(expect.objectContaining({ output: join(out, made[0]!), bytes: expect.any(Number) }));
});
