import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const BEATS = new URL("../dist/engine/heartbeat/beats.js", import.meta.url);
const CORE = new URL("../dist/index.js", import.meta.url);
/** Says the address of each module that is loaded. */
const TELLS = `export async function load(url, context, next) { process._rawDebug(url); return next(url, context); }`;

/** The addresses of the modules that are loaded with one of ours, in a process of their own. */
async function loadedWith(module: URL): Promise<readonly string[]> {
  const { stderr } = await promisify(execFile)(process.execPath, [
    "--input-type=module",
    "--eval",
    `import { register } from "node:module";
     register("data:text/javascript," + encodeURIComponent(${JSON.stringify(TELLS)}));
     await import(${JSON.stringify(module)});`,
  ]);
  return stderr.split("\n").filter((line) => /^(file|node):/.test(line));
}

test("the thread that beats loads what it needs to ask the database: no schemas, no files, no processes", async () => {
  const loaded = await loadedWith(BEATS);
  expect(loaded).toContainEqual(expect.stringContaining("/store/database.js"));
  expect(loaded).toContainEqual(expect.stringContaining("/node_modules/pg/"));
  const others = /node_modules\/(zod|croner|@bufbuild|cel)|contract\/dist\/index|^node:(child_process|fs|crypto|os)/;
  expect(loaded.filter((url) => others.test(url))).toEqual([]);
});

test("who opens Callsheet loads nothing that reads run rules, nor what is said to processes of handlers", async () => {
  const loaded = await loadedWith(CORE);
  expect(loaded).toContainEqual(expect.stringContaining("/operations/create.js"));
  expect(loaded.filter((url) => /cel-js|run-rule|isolation\/message/.test(url))).toEqual([]);
});
