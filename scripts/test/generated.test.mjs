import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { findStale, printGenerated } from "../generate/print.mjs";
import { aTree } from "./made-up-tree.mjs";

const entry = { file: "docs/one.md", print: "print-one.mjs" };
const program = 'process.stdout.write("one\\n");';

test("a generated file that is as printed is fresh", () => {
  const root = aTree({ "docs/one.md": "one\n", "print-one.mjs": program });
  expect(findStale(root, [entry])).toEqual([]);
});

test.each([
  ["was edited by hand", { "docs/one.md": "two\n", "print-one.mjs": program }, "Run npm run generate"],
  ["is missing", { "print-one.mjs": program }, "Run npm run generate"],
  ["has a program that fails", { "docs/one.md": "one\n", "print-one.mjs": "process.exit(3);" }, "print-one.mjs fails"],
])("a generated file that %s is caught", (_what, files, message) => {
  expect(findStale(aTree(files), [entry])).toEqual([
    { path: "docs/one.md", line: 1, message: expect.stringContaining(message) },
  ]);
});

test("what is written is what is compared", () => {
  const root = aTree({
    "print-one.mjs": 'import { readFileSync } from "node:fs"; process.stdout.write(readFileSync("in"));',
    in: "é\n",
  });
  expect(printGenerated(root, entry)).toBe(readFileSync(join(root, "in"), "utf8"));
});
