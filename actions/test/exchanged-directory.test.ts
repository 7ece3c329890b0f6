import { createHash } from "node:crypto";
import { mkdir, readdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { Callsheet } from "@callsheet/core";
import { openTestDatabase } from "@callsheet/core/testing";
import { expect, it, onTestFinished } from "vitest";
import { FAILURES, mediaActions } from "../src/index.ts";
import { ownDirectory } from "./samples.ts";
import { resultOf, testContext } from "./test-context.ts";

const own = await ownDirectory();

const INSIDE_MD5 = createHash("md5").update("inside").digest("hex");

/** Puts a link in the place of a directory, and the directory back, as fast as it can. */
const RACER = `
  const { renameSync } = require("node:fs");
  const { parentPort, workerData: { directory, link, aside } } = require("node:worker_threads");
  const move = (from, to) => { try { renameSync(from, to); } catch {} };
  const turn = () => {
    for (let count = 0; count < 200; count++) {
      move(directory, aside);
      move(link, directory);
      move(directory, link);
      move(aside, directory);
    }
    setImmediate(turn);
  };
  turn();
  parentPort.postMessage("running");
`;

/** A root whose directory `here` is exchanged all the time for a link to a directory outside. */
async function aRace(name: string) {
  const [root, outside] = [join(own, name, "root"), join(own, name, "outside")];
  const [directory, link, aside] = [join(root, "here"), join(own, name, "link"), join(root, "aside")];
  for (const path of [directory, outside]) await mkdir(path, { recursive: true });
  await symlink(outside, link);
  await writeFile(join(directory, "file"), "inside");
  const start = async () => {
    const racer = new Worker(RACER, { eval: true, workerData: { directory, link, aside } });
    onTestFinished(async () => void (await racer.terminate()));
    await new Promise((resolve) => racer.once("message", resolve));
    return () => racer.terminate();
  };
  return { root, outside, directory, start };
}

it("whoever exchanges a directory for a link gets nothing read from outside of the roots", async () => {
  const { root, outside, directory, start } = await aRace("read");
  await writeFile(join(outside, "file"), "outside");
  const { fileChecksum } = mediaActions({ roots: [root] });
  await start();
  for (let round = 0; round < 500; round++) {
    const context = testContext({ path: join(directory, "file"), algorithms: ["md5" as const] });
    const ended = await resultOf(fileChecksum, context).catch((error: { readonly code: string }) => error);
    if ("code" in ended) expect(FAILURES).toContain(ended.code);
    else expect(ended.checksums.md5).toBe(INSIDE_MD5);
  }
});

/** Copies a file to so many places in the exchanged directory, on a node, and tells how the jobs ended. */
async function copyMany(root: string, directory: string, count: number) {
  await using database = await openTestDatabase();
  const source = join(root, "source");
  await writeFile(source, "copied");
  const type = mediaActions({ roots: [root], outputRoots: [root] }).fileCopy;
  const cs = await Callsheet.open({ databaseUrl: database.url });
  try {
    const action = await cs.actions.put({ name: "copy", type, retry: { limit: 0 } });
    await cs.work({ name: "here", types: [type], slots: 8 });
    const outputs = Array.from({ length: count }, (_, index) => join(directory, `copy-${index}`));
    const jobs = outputs.map((output) => cs.jobs.create(action, { configuration: { path: source, output } }));
    return await Promise.all(jobs.map(async (job) => cs.jobs.wait(await job)));
  } finally {
    await cs.close();
  }
}

it("nor anything written there: a job is refused, or its file is in the root", async () => {
  const { root, outside, directory, start } = await aRace("written");
  const stop = await start();
  const ended = await copyMany(root, directory, 200);
  await stop();
  expect(await readdir(outside)).toEqual([]);
  const inside = (await readdir(root, { recursive: true })).filter((name) => /(^|\/)copy-\d+$/.test(name));
  expect(inside).toHaveLength(ended.filter(({ state }) => state === "completed").length);
  const codes = [...FAILURES, "publish_refused", "publish_failed"];
  for (const { error } of ended) if (error !== null) expect(codes).toContain(error.code);
});
