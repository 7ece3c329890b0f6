import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { STEPS } from "../check/steps.mjs";
import { GENERATED } from "../generated.mjs";
import { KEPT_PACKAGES, LAYERS, OUTSIDE } from "../import-rules.mjs";
import { repositoryRoot } from "../repository/root.mjs";
import { readWorkspaces } from "../repository/workspaces.mjs";
import { FOLDERS } from "../rules/resolve-import.mjs";
import { aTree } from "./made-up-tree.mjs";

const exists = (path) => existsSync(join(repositoryRoot(), path));

test("the directions name layers that exist, and go one way", () => {
  const names = LAYERS.map((layer) => layer.name);
  const reach = (name) =>
    LAYERS.find((layer) => layer.name === name).mayImport.flatMap((next) => [next, ...reach(next)]);
  for (const layer of LAYERS) {
    expect(names).toEqual(expect.arrayContaining(layer.mayImport));
    expect(reach(layer.name)).not.toContain(layer.name);
    expect(layer.why).toMatch(/\w/);
  }
});

test("every workspace is known to the rules by the name of its package", () => {
  for (const { folder, manifest } of readWorkspaces(repositoryRoot())) {
    expect(FOLDERS.get(manifest.name)).toBe(folder);
    expect(LAYERS.some((layer) => layer.files === `${folder}/src/`)).toBe(true);
  }
});

test("what the rules make an exception of is there", () => {
  for (const { files } of OUTSIDE.except) expect(exists(files), files).toBe(true);
  for (const { files } of KEPT_PACKAGES) for (const file of files) expect(exists(file), file).toBe(true);
  for (const { print } of GENERATED) expect(exists(print), print).toBe(true);
});

test.each([
  ["sizes", { "core/src/long.ts": "//\n".repeat(301) }],
  ["imports", { "core/src/store/jobs.ts": 'import "../engine/engine.ts";' }],
  ["imports", { "core/src/engine/a.ts": 'import "./a.ts";' }],
  ["sql", { "core/src/engine/a.ts": "sql`select 1`;" }],
  ["outside", { "core/src/engine/a.ts": "Date.now();" }],
  ["words", { "core/src/utils.ts": "" }],
])("the gate %s reads the files of the repository, tracked or not", (name, files) => {
  const { find } = STEPS.find((step) => step.name === name);
  expect(find(aTree(files))).toHaveLength(1);
  expect(find(aTree({ "core/src/engine/a.ts": "export const a = 1;\n" }))).toEqual([]);
  const ignored = Object.fromEntries(Object.entries(files).map(([path, text]) => [`dist/${path}`, text]));
  expect(find(aTree({ ...ignored, ".gitignore": "dist/\n" }))).toEqual([]);
});
