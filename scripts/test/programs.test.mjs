// The gates that other programs check, with our settings, in a tree that breaks them.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { STEPS } from "../check/steps.mjs";
import { repositoryRoot } from "../repository/root.mjs";
import { aTree, runIn } from "./made-up-tree.mjs";

// A busy machine may need long for a compiler.
vi.setConfig({ testTimeout: 120_000 });

const ours = (path) => readFileSync(join(repositoryRoot(), path), "utf8");
const commandOf = (name) => STEPS.find((step) => step.name === name).command;

const aWorkspace = (files) =>
  aTree({
    ".gitignore": "node_modules\ndist\n",
    "biome.json": ours("biome.json"),
    "knip.json": ours("knip.json"),
    "tsconfig.base.json": ours("tsconfig.base.json"),
    "tsconfig.json": '{ "files": [], "references": [{ "path": "contract" }] }\n',
    "tsconfig.test.json": ours("tsconfig.test.json"),
    "package.json": `${JSON.stringify({ name: "made-up", private: true, workspaces: ["contract"] }, null, 2)}\n`,
    "contract/package.json": ours("contract/package.json"),
    "contract/tsconfig.json": ours("contract/tsconfig.json"),
    "contract/src/index.ts": 'export { one } from "./one.ts";\n',
    "contract/src/one.ts": 'import { z } from "zod";\n\nexport const one = z.number();\n',
    ...files,
  });

test.each([
  ["an undeclared dependency", 'import pg from "pg";\n\nexport const one = pg;\n', "noUndeclaredDependencies"],
  ["a default export", "export default 1;\n", "noDefaultExport"],
  ["a promise that nobody waits for", "export const one = () => {\n  Promise.resolve(1);\n};\n", "noFloatingPromises"],
  ["an enum", "export enum One {\n  A,\n}\n", "noEnum"],
  ["any", "export const one = (value: any) => value;\n", "noExplicitAny"],
  ["a line of the console", 'export const one = () => console.log("one");\n', "noConsole"],
  ["a wrong layout", "export const one   = 1\n", "format"],
])("format: %s is caught", (_what, text, rule) => {
  const { status, output } = runIn(aWorkspace({ "contract/src/one.ts": text }), commandOf("format"));
  expect(output).toContain(rule);
  expect(status).not.toBe(0);
});

test("format: a file is named in kebab-case", () => {
  const { output } = runIn(aWorkspace({ "contract/src/oneNoun.ts": "export const one = 1;\n" }), commandOf("format"));
  expect(output).toContain("useFilenamingConvention");
});

test.each([
  ["a file that nothing imports", { "contract/src/lost.ts": "export const lost = 1;\n" }, "contract/src/lost.ts"],
  ["an export that nothing uses", { "contract/src/one.ts": "export const one = 1;\nexport const two = 2;\n" }, "two"],
  ["a dependency that nothing imports", { "contract/src/one.ts": "export const one = 1;\n" }, "zod"],
  ["an undeclared dependency of a test", { "contract/test/one.test.ts": 'import "pg";\n' }, "pg"],
])("unused: %s is caught", (_what, files, named) => {
  const { status, output } = runIn(aWorkspace(files), commandOf("unused"));
  expect(output).toContain(named);
  expect(status).not.toBe(0);
});

test("types: a wrong type is caught in a source and in a test", () => {
  const wrong = 'import { z } from "zod";\n\nexport const one: string = z.number().parse(1);\n';
  const root = aWorkspace({
    "contract/src/one.ts": wrong,
    "contract/test/one.test.ts": "export const two: string = 2;\n",
  });
  expect(runIn(root, commandOf("types")).output).toContain("contract/src/one.ts(3,14): error");
  expect(runIn(root, commandOf("test-types")).output).toContain("contract/test/one.test.ts(1,14): error");
});

test("a tree that breaks nothing passes all of them", () => {
  const test = 'import { one } from "../src/one.ts";\n\none.parse(1);\n';
  const root = aWorkspace({ "contract/test/one.test.ts": test });
  for (const name of ["format", "types", "test-types", "unused"]) {
    const { status, output } = runIn(root, commandOf(name));
    expect(status, output).toBe(0);
  }
});
