import { expect, test } from "vitest";
import { treeOf } from "../repository/tree.mjs";
import { findLostPaths } from "../rules/named-paths.mjs";

const SOURCES = { "core/src/engine/node.ts": "", "core/test/crash/crash-loop.test.ts": "" };
const problemsOf = (text) => findLostPaths(treeOf({ ...SOURCES, "docs/tour.md": text }));

test.each(["core/src/engine/claimer.ts", "engine/claimer.ts", "core/test/crashes", "core/tests/"])(
  "a document that names %s, which is not there, is caught",
  (name) => {
    expect(problemsOf(`# Tour\n\nSee \`${name}\`.`)).toEqual([
      { path: "docs/tour.md", line: 3, message: expect.stringContaining(`there is no ${name}`) },
    ]);
  },
);

test.each([
  ["a path from the root", "`core/src/engine/node.ts`"],
  ["the end of a path", "`engine/node.ts`"],
  ["a folder, with its stroke or without", "`core/test/crash` and `engine/` and `core/test/`"],
  ["a bare name, which may be the reader's", "`greet.ts`"],
  ["what is built", "`core/dist/index.js`"],
  ["what is no path of ours", "`/var/lib/callsheet`, `~/.cache`, `text/html`, `npm run core/x.ts`"],
  ["a program in a fence", "```ts\n// `core/gone.ts`\n```"],
])("%s may be named", (_what, text) => {
  expect(problemsOf(text)).toEqual([]);
});
