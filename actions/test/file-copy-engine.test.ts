import { execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Callsheet, defineActionType } from "@callsheet/core";
import { expectSound, openTestDatabase } from "@callsheet/core/testing";
import { afterEach, expect, it, onTestFinished, vi } from "vitest";
import { fileCopy } from "../src/index.ts";
import { ownDirectory } from "./samples.ts";

const own = await ownDirectory();
const MIB = 1024 * 1024;
afterEach(() => vi.unstubAllEnvs());

it.each(["none", "process"] as const)("a copy appears at its destination, isolation %s", async (isolation) => {
  await using database = await openTestDatabase();
  vi.stubEnv("CALLSHEET_MEDIA_ROOTS", own);
  vi.stubEnv("CALLSHEET_OUTPUT_ROOTS", join(own, isolation));
  await mkdir(join(own, isolation));
  const [path, output] = [join(own, "source"), join(own, isolation, "deep/copy")];
  const content = randomBytes(3_000_000);
  await writeFile(path, content);
  const cs = await Callsheet.open({ databaseUrl: database.url });
  try {
    const module = new URL("../dist/file-copy.js", import.meta.url).href;
    const type = defineActionType({ ...fileCopy, module });
    const action = await cs.actions.put({ name: "copy", type, isolation });
    await cs.work({ name: "here", types: [type], slots: 1 });
    const done = await cs.jobs.wait(await cs.jobs.create(action, { configuration: { path, output } }));
    expect(done.error).toBeNull();
    expect(done).toMatchObject({ state: "completed", result: { path, output, bytes: content.length } });
  } finally {
    await cs.close();
  }
  expect((await readFile(output)).equals(content)).toBe(true);
  expect(await readdir(join(own, isolation, "deep"))).toEqual(["copy"]);
});

it("a copy whose node is killed goes on where it was, and nothing of it is visible before", async () => {
  await using database = await openTestDatabase();
  const from = await mkdtemp(join(own, "killed-"));
  const to = join(from, "to");
  const [path, output] = [join(from, "source"), join(to, "copy")];
  await mkdir(to);
  await writeFile(path, randomBytes(MIB));
  await truncate(path, 200 * MIB);
  const variables = { TEST_DATABASE: database.url, CALLSHEET_MEDIA_ROOTS: from, CALLSHEET_OUTPUT_ROOTS: to };
  const cs = await Callsheet.open({ databaseUrl: database.url });
  try {
    const action = await cs.actions.put({ name: "copy", type: fileCopy, retry: { delayMs: 1 } });
    const job = await cs.jobs.create(action, { configuration: { path, output } });
    expect(await copyNode({ ...variables, TEST_DIES: "yes" }).ended).toBe("SIGKILL");
    expect(await readdir(to)).toEqual([`.copy.${job.id}.1.copy`]);
    const next = copyNode(variables);
    const done = await cs.jobs.wait(job);
    next.kill();
    expect(await next.ended).toBe("SIGKILL");
    expect(done).toMatchObject({ state: "completed", attempt: 2, result: { resumedAt: 128 * MIB } });
    expect(await readdir(to)).toEqual(["copy"]);
    expect(execFileSync("cmp", [path, output], { encoding: "utf8" })).toBe("");
    await expectSound(database);
  } finally {
    await cs.close();
  }
});

/** A node in a process of its own, killed with the test. */
function copyNode(variables: Readonly<Record<string, string>>) {
  const script = fileURLToPath(new URL("fixtures/copy-node.mjs", import.meta.url));
  const child = spawn(process.execPath, [script], { env: { ...process.env, ...variables }, stdio: "ignore" });
  const ended = once(child, "close").then(([code, signal]) => (signal ?? code) as number | string);
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  return { ended, kill: () => child.kill("SIGKILL") };
}
