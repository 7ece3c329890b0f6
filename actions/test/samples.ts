import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll } from "vitest";

export const SAMPLES = fileURLToPath(new URL("../../samples", import.meta.url));

export const sample = (name: string): string => join(SAMPLES, name);

/** An empty directory for the tests of one file, its links resolved; removed after them. */
export async function ownDirectory(): Promise<string> {
  const directory = await realpath(await mkdtemp(join(tmpdir(), "callsheet-actions-")));
  afterAll(() => rm(directory, { recursive: true, force: true }));
  return directory;
}
