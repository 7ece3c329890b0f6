import { randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Callsheet, defineActionType } from "@callsheet/core";
import { openTestDatabase } from "@callsheet/core/testing";
import { afterEach, expect, it, vi } from "vitest";
import { fileCopy } from "../src/index.ts";
import { ownDirectory } from "./samples.ts";

const own = await ownDirectory();
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
