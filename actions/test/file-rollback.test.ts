import { existsSync, statSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Callsheet } from "@callsheet/core";
import { openTestDatabase, type TestDatabase, until } from "@callsheet/core/testing";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { types } from "./fixtures/failing-after-all.mjs";
import { ownDirectory } from "./samples.ts";
import { treeOf } from "./tree.ts";

const own = await ownDirectory();
let database: TestDatabase;
beforeAll(async () => {
  vi.stubEnv("CALLSHEET_MEDIA_ROOTS", own);
  vi.stubEnv("CALLSHEET_OUTPUT_ROOTS", `${own}:/dev/shm`);
  database = await openTestDatabase();
  const cs = await Callsheet.open({ databaseUrl: database.url });
  for (const type of types) await cs.actions.put({ name: type.type, type, retry: { delayMs: 1, jitter: 0 } });
  await cs.close();
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await database.close();
});

interface Place {
  readonly root: string;
  at(name: string): string;
}

/** A tree with a file to work on, one that is in its way, and one that is nobody's business. */
async function aPlace(parent = own): Promise<Place> {
  const root = await mkdtemp(join(parent, "tree-"));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  await mkdir(join(root, "in"));
  await mkdir(join(root, "out"));
  await writeFile(join(root, "in/clip"), "frames");
  await writeFile(join(root, "out/clip"), "older frames");
  await writeFile(join(root, "in/other"), "others");
  return { root, at: (name) => join(root, name) };
}

type Configuration = (place: Place) => Record<string, string>;
const onto: Configuration = ({ at }) => ({ path: at("in/clip"), output: at("out/clip") });
const deep: Configuration = ({ at }) => ({ path: at("in/clip"), output: at("new/deep/clip") });
const only: Configuration = ({ at }) => ({ path: at("in/clip") });

/** Runs a job on a node of this process to its end, and until nothing is left to do about its files. */
async function perform(action: string, configuration: object) {
  const cs = await Callsheet.open({ databaseUrl: database.url, onError: () => {} });
  try {
    await cs.work({ name: "here", types, slots: 1 });
    const job = await cs.jobs.create(action, { configuration });
    return await ended(cs, job);
  } finally {
    await cs.close();
  }
}

async function ended(cs: Callsheet, job: { readonly id: string }) {
  const done = await cs.jobs.wait(job, { timeoutMs: 60_000 });
  const isOver = async () =>
    (await cs.jobs.rollback(job)).entries.every(({ state }) => state === "undone" || state === "kept");
  await until(isOver, { what: "The end of its journal", deadlineMs: 30_000 });
  return done;
}

describe("a job that moves or deletes a file", () => {
  it.each<[string, Configuration, string[]]>([
    ["file.move", onto, ["in/", "in/other", "out/", "out/clip"]],
    ["file.move", deep, ["in/", "in/other", "new/", "new/deep/", "new/deep/clip", "out/", "out/clip"]],
    ["file.delete", only, ["in/", "in/other", "out/", "out/clip"]],
  ])("%s leaves what was asked for, and nothing else", async (action, configuration, names) => {
    const place = await aPlace();
    expect(await perform(action, configuration(place))).toMatchObject({ state: "completed", error: null });
    expect(treeOf(place.root).map((line) => line.split(" ")[0])).toEqual(names);
    if (action === "file.move")
      expect(
        await readFile(
          place.at(names.at(-1) === "out/clip" && configuration === deep ? "new/deep/clip" : "out/clip"),
          "utf8",
        ),
      ).toBe("frames");
  });

  it.each<[string, Configuration]>([
    ["failing.file.move", onto],
    ["failing.file.move", deep],
    ["failing.file.delete", only],
    ["failing.file.copy", onto],
    ["failing.file.copy", deep],
  ])("%s leaves a tree that is the same to the byte", async (action, configuration) => {
    const place = await aPlace();
    const before = treeOf(place.root);
    expect(await perform(action, configuration(place))).toMatchObject({
      error: { code: "after_all" },
      rollback: "done",
    });
    expect(treeOf(place.root)).toEqual(before);
  });

  it("copies where it cannot rename, and takes the file away only when the copy is there", async (context) => {
    const isThere = existsSync("/dev/shm") && statSync("/dev/shm").dev !== statSync(own).dev;
    context.skip(!isThere, "no second device");
    const [place, other] = [await aPlace(), await aPlace("/dev/shm")];
    const configuration = { path: place.at("in/clip"), output: other.at("out/clip") };
    const before = [treeOf(place.root), treeOf(other.root)];
    expect(await perform("failing.file.move", configuration)).toMatchObject({ rollback: "done" });
    expect([treeOf(place.root), treeOf(other.root)]).toEqual(before);
    expect(await perform("file.move", configuration)).toMatchObject({ state: "completed", result: { copied: true } });
    expect(await readFile(other.at("out/clip"), "utf8")).toBe("frames");
    expect(treeOf(place.root).map((line) => line.split(" ")[0])).toEqual(["in/", "in/other", "out/", "out/clip"]);
  });

  it("refuses links, and what lies outside of where it may write", async () => {
    const place = await aPlace();
    await symlink(place.at("in/other"), place.at("in/link"));
    const before = treeOf(place.root);
    const refused = async (action: string, configuration: object) => (await perform(action, configuration)).error?.code;
    expect(await refused("file.delete", { path: place.at("in/link") })).toBe("output_refused");
    expect(await refused("file.delete", { path: "/etc/hostname" })).toBe("outside_roots");
    expect(await refused("file.move", { path: place.at("in/clip"), output: "/etc/clip" })).toBe("outside_roots");
    expect(await refused("file.move", { path: place.at("in/clip"), output: place.at("in/clip") })).toBe(
      "output_refused",
    );
    expect(treeOf(place.root)).toEqual(before);
  });
});
