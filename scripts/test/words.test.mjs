import { expect, test } from "vitest";
import { treeOf } from "../repository/tree.mjs";
import { findWords } from "../rules/words.mjs";

const problemsOf = (path, text) => findWords(treeOf({ [path]: text }), "/srv/callsheet");

test.each([
  ["core/src/a.ts", "// TODO mend this"],
  ["docs/a.md", "FIXME"],
  ["core/test/a.test.ts", 'test.only("x", () => {});'],
  ["core/test/a.test.ts", 'describe.skip("x", () => {});'],
  ["core/src/a.ts", "// @ts-ignore"],
  ["cli/src/a.ts", 'spawn("ffmpeg", words, { shell: true });'],
  ["actions/src/a.ts", 'import { exec, spawn } from "node:child_process";'],
  ["README.md", "<<<<<<< ours"],
  ["core/test/a.test.ts", 'open("/srv/callsheet/samples/dog.mp4");'],
  ["docs/a.md", "see /home/ada/callsheet/core"],
  ["scripts/a.mjs", 'run("/Users/ada/callsheet");'],
  ["package-lock.json", '      "resolved": "https://registry.example.com/pg/-/pg-8.23.1.tgz",'],
])("%s may not hold: %s", (path, text) => {
  expect(problemsOf(path, `first line\n${text}`)).toEqual([{ path, line: 2, message: expect.stringMatching(/\. \w/) }]);
});

test.each([
  ["core/src/a.ts", "// TODO(#12): the second server"],
  ["core/test/a.test.ts", 'test.skipIf(!found)("x", () => {}); skip(!found, "no ffmpeg");'],
  ["core/src/a.ts", "// @ts-expect-error a wrong pair"],
  ["cli/src/a.ts", 'import { execFile } from "node:child_process";'],
  ["docs/a.md", "your files are in ~/.local or /home/$USER/.local, the server's in /var/lib"],
  ["package-lock.json", '      "resolved": "https://registry.npmjs.org/pg/-/pg-8.23.1.tgz",'],
])("%s may hold: %s", (path, text) => {
  expect(problemsOf(path, text)).toEqual([]);
});

test.each(["core/src/utils.ts", "core/src/engine/claim-helpers.ts", "core/src/types.ts", "core/test/helper.ts"])(
  "%s says nothing of what is inside",
  (path) => {
    expect(problemsOf(path, "")).toEqual([{ path, line: 1, message: expect.stringContaining("says nothing") }]);
  },
);

test("a noun that ends alike is a name", () => {
  expect(problemsOf("core/src/action-type.ts", "")).toEqual([]);
});
