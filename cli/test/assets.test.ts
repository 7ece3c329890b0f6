import { openTestDatabase, type TestDatabase } from "@callsheet/core/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findSamples } from "../src/samples.ts";
import { callsheetWith } from "./command.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());

const run = (...args: readonly string[]) => callsheetWith({ DATABASE_URL: database.url, NO_COLOR: "1" }, ...args).ended;
/** What a command prints as JSON. */
const json = async (...args: readonly string[]) => {
  const { exitCode, stdout, stderr } = await run(...args, "--json");
  expect(stderr).toBe("");
  expect(exitCode).toBe(0);
  return JSON.parse(stdout);
};
const rooted = (...args: readonly string[]) => [
  "assets",
  "register",
  findSamples(),
  "--media",
  `samples=${findSamples()}`,
  ...args,
];
const idOf = async (name: string): Promise<string> => (await json("assets", "list", "--name", name))[0].id;

describe("callsheet assets", () => {
  it("registers a folder once, and says what came of it; outside of the roots it is refused: 2", async () => {
    const lost = await run("assets", "register", findSamples());
    expect(lost).toMatchObject({ exitCode: 2, stdout: "" });
    expect(lost.stderr).toMatch(/lies below no media root .*\(media_root_missing\)\n.*--media/);
    const first = await run("--as", "ada", ...rooted("--match", "*.mp4", "--match", "*.flac", "--collection", "takes"));
    expect(first).toMatchObject({ exitCode: 0, stderr: "" });
    expect(first.stdout).toMatch(/^Catalogued 2 files of media root samples\. Collection takes, [0-9a-f-]{36}\.\n$/);
    const again = await json(...rooted("--match", "*.mp4", "--collection", "takes"));
    expect(again).toMatchObject({ root: "samples", created: 0, known: 1, skippedCount: 0 });
  });

  it("lists, shows, sets, tags and deletes", async () => {
    const id = await idOf("dog");
    expect((await run("assets", "set", id)).exitCode).toBe(2);
    await json("assets", "set", id, "--name", "Dog, wide", "-m", "scene=12", "-m", "note=second unit");
    expect(await json("assets", "tag", id, "--add", "hero")).toMatchObject([{ id, tags: ["hero"] }]);
    const listed = await run("assets", "list", "--tag", "hero");
    expect(listed.stdout).toBe(`${id}\tDog, wide\tsamples: dog.mp4\t\thero\n`);
    const shown = await run("assets", "show", id);
    for (const line of ["Dog, wide", "samples: dog.mp4", "takes", "  scene: 12", "  note: second unit"])
      expect(shown.stdout).toContain(line);
    expect(await run("assets", "show", "nobody")).toMatchObject({
      ...{ exitCode: 3, stderr: expect.stringMatching(/\(unknown_asset\)[\s\S]*Try: callsheet assets list\n$/) },
    });
    await json("actions", "put", "look", "--type", "media.probe");
    await json("jobs", "create", "look", "--target", `asset:${id}`);
    const refused = await run("assets", "delete", id, "--yes");
    expect(refused).toMatchObject({
      exitCode: 5,
      stderr: expect.stringContaining(`Try: callsheet jobs list --target asset:${id}`),
    });
    const other = await idOf("glass");
    expect((await run("assets", "delete", other)).exitCode).toBe(2);
    expect(await run("assets", "delete", other, "--yes")).toMatchObject({
      exitCode: 0,
      stderr: "Deleted glass.flac.\n",
    });
  });

  it("its name stands beside its id in what is shown of a job, and in its explanation", async () => {
    const [job] = await json("jobs", "list", "--action", "look");
    const shown = await run("jobs", "show", job.id);
    expect(shown.stdout).toMatch(/^look {2}Dog, wide\n/);
    expect(shown.stdout).toContain(`asset ${job.target.id}, Dog, wide\n`);
    const explained = await run("jobs", "explain", job.id);
    expect(explained.stdout.split("\n")[0]).toBe(`asset ${job.target.id}: Dog, wide`);
    expect(await json("jobs", "explain", job.id)).toMatchObject({ targetName: "Dog, wide" });
  });
});

describe("callsheet collections", () => {
  it("creates, adds, shows flat, removes, renames and deletes", async () => {
    const id = await idOf("dog");
    await json("collections", "create", "reel", "collection:takes");
    expect(await json("collections", "add", "reel", `asset:${id}`)).toMatchObject([{ name: "reel", memberCount: 2 }]);
    const own = (await run("collections", "show", "reel")).stdout.split("\n");
    expect(own.map((line) => line.split("\t").slice(1, 3).join(" ")).filter(Boolean)).toEqual([
      ...["collection takes", "asset Dog, wide"],
    ]);
    expect((await json("collections", "show", "reel", "--flat")).map((asset: { id: string }) => asset.id)).toEqual([
      id,
    ]);
    expect(await run("collections", "add", "takes", "collection:reel")).toMatchObject({
      ...{ exitCode: 5, stderr: expect.stringContaining('"takes" would contain itself. (collection_circle)') },
    });
    expect((await run("collections", "add", "reel", "dog.mp4")).exitCode).toBe(2);
    expect(await json("collections", "remove", "reel", "collection:takes")).toMatchObject([{ memberCount: 1 }]);
    await json("collections", "rename", "reel", "the reel");
    expect((await json("collections", "list")).map(({ name }: { name: string }) => name)).toEqual([
      "takes",
      "the reel",
    ]);
    expect(await run("collections", "delete", "the reel", "--yes")).toMatchObject({ stderr: "Deleted the reel.\n" });
    expect(await run("collections", "show", "the reel")).toMatchObject({
      ...{ exitCode: 3, stderr: expect.stringContaining("Try: callsheet collections list") },
    });
  });
});
