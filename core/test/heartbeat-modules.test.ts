import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const BEATS = new URL("../dist/engine/heartbeat/beats.js", import.meta.url);
/** Says the address of each module that is loaded. */
const TELLS = `export async function load(url, context, next) { process._rawDebug(url); return next(url, context); }`;

test("the thread that beats loads what it needs to ask the database, and no schemas: every node pays for that", async () => {
  const { stderr } = await promisify(execFile)(process.execPath, [
    "--input-type=module",
    "--eval",
    `import { register } from "node:module";
     register("data:text/javascript," + encodeURIComponent(${JSON.stringify(TELLS)}));
     await import(${JSON.stringify(BEATS)});`,
  ]);
  const loaded = stderr.split("\n").filter((line) => line.startsWith("file:"));
  expect(loaded).toContainEqual(expect.stringContaining("/store/database.js"));
  expect(loaded).toContainEqual(expect.stringContaining("/node_modules/pg/"));
  expect(loaded.filter((url) => /node_modules\/(zod|croner|@bufbuild|cel)|contract\/dist\/index/.test(url))).toEqual(
    [],
  );
});
