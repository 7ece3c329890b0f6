import { expect, test } from "vitest";
import { treeOf } from "../repository/tree.mjs";
import { findLongFiles } from "../rules/file-size.mjs";
import { findLongFunctions } from "../rules/function-size.mjs";

const lines = (count) => "// line\n".repeat(count);
const ofLines = (count) => `function long() {\n${"  step();\n".repeat(count - 2)}}\n`;

test("a source file may have 300 lines and no more", () => {
  const files = treeOf({
    "core/src/full.ts": lines(300),
    "core/src/over.ts": lines(301),
    "bench/over.mjs": lines(301),
  });
  expect(findLongFiles(files).map(({ path }) => path)).toEqual(["core/src/over.ts", "bench/over.mjs"]);
});

test("a last line without a line end counts", () => {
  expect(findLongFiles(treeOf({ "core/src/a.ts": `${lines(300)}last();` }))).toHaveLength(1);
});

test("a test file may have 500 lines and no more", () => {
  const files = treeOf({ "core/test/full.test.ts": lines(500), "core/test/over.test.ts": lines(501) });
  expect(findLongFiles(files)).toEqual([
    { path: "core/test/over.test.ts", line: 501, message: expect.stringContaining("501 lines, 500 allowed") },
  ]);
});

test("what is not code may be as long as it likes", () => {
  expect(
    findLongFiles(treeOf({ "docs/long.md": lines(900), "core/src/store/migrations/0001_a.sql": lines(900) })),
  ).toEqual([]);
});

test("a function may have 60 lines and no more", () => {
  expect(findLongFunctions(treeOf({ "core/src/a.ts": ofLines(60) }))).toEqual([]);
  expect(findLongFunctions(treeOf({ "core/src/a.ts": `\n${ofLines(61)}` }))).toEqual([
    { path: "core/src/a.ts", line: 2, message: expect.stringContaining("long has 61 lines, 60 allowed") },
  ]);
});

test.each([
  ["an arrow function", `const long = () => {\n${"step();\n".repeat(60)}};`],
  ["a method", `class A {\n  long() {\n${"step();\n".repeat(60)}}\n}`],
  ["a function inside of an object", `const a = { long: async function () {\n${"step();\n".repeat(60)}} };`],
  [
    "braces in text, comments and types",
    `function long(a: { b: "}" }): void {\n// }\nconst t = \`}\${"}"}\`;\n${"s();\n".repeat(60)}}`,
  ],
])("%s is measured to its own end", (_what, text) => {
  expect(findLongFunctions(treeOf({ "core/src/a.ts": text }))).toEqual([
    { path: "core/src/a.ts", line: expect.any(Number), message: expect.stringContaining("long has 6") },
  ]);
});

test("the functions that group tests are not measured", () => {
  expect(findLongFunctions(treeOf({ "core/test/a.test.ts": ofLines(200) }))).toEqual([]);
});
