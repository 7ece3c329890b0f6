import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import type { Callsheet, CallsheetOptions } from "../../src/index.ts";
import { openTestDatabase, type TestDatabase } from "../../src/testing/index.ts";

/** A Callsheet on a database of its own. */
export async function aCallsheet(
  options: Omit<CallsheetOptions, "databaseUrl" | "dataDir"> = {},
): Promise<{ readonly database: TestDatabase; readonly cs: Callsheet }> {
  const database = await openTestDatabase();
  onTestFinished(() => database.close());
  return { database, cs: await database.open(options) };
}

/** A directory with these files in it, each with a text, removed with the test. */
export async function aFolder(paths: readonly (string | Buffer)[] = []): Promise<string> {
  const directory = await realpath(await mkdtemp(join(tmpdir(), "callsheet-media-")));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  for (const path of paths) await aFile(directory, path);
  return directory;
}

/** Writes a file into a folder, and makes the directories above it. */
export async function aFile(directory: string, path: string | Buffer): Promise<void> {
  if (Buffer.isBuffer(path)) return writeFile(Buffer.concat([Buffer.from(`${directory}/`), path]), "film");
  await mkdir(dirname(join(directory, path)), { recursive: true });
  await writeFile(join(directory, path), "film");
}

/** Everything that an iterable gives. */
export async function all<Item>(items: AsyncIterable<Item>): Promise<readonly Item[]> {
  const found: Item[] = [];
  for await (const item of items) found.push(item);
  return found;
}
