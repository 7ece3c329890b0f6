import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { repositoryRoot } from "../repository/root.mjs";
import { closingLine, skippedLines, tallyOf } from "../tests/tally.mjs";

const aModule = (state, ...results) => ({
  state: () => state,
  children: { allTests: () => results.map((result) => ({ result: () => result })) },
});
const PASSED = { state: "passed" };
const FAILED = { state: "failed" };
const skipped = (note) => ({ state: "skipped", note });

test("the closing line is the three numbers and nothing else", () => {
  const tally = tallyOf([aModule("failed", PASSED, PASSED, FAILED), aModule("passed", skipped("no ffmpeg"))], []);
  expect(closingLine(tally)).toBe("2 passed, 1 failed, 1 skipped");
});

test("the reasons for which tests were skipped are told", () => {
  const tally = tallyOf(
    [aModule("passed", skipped("no ffmpeg"), skipped("no ffmpeg"), skipped("no chromium"), skipped())],
    [],
  );
  expect(skippedLines(tally)).toEqual([
    "skipped: no ffmpeg (2 tests)",
    "skipped: no chromium (1 test)",
    "skipped: no reason given (1 test)",
  ]);
});

test.each([
  ["a file that cannot be loaded", [aModule("failed")], []],
  ["an error outside of every test", [aModule("passed")], [new Error("late")]],
  ["a test that was never reached", [aModule("passed", { state: "pending" })], []],
])("%s is a failure", (_what, modules, errors) => {
  expect(tallyOf(modules, errors).failed).toBe(1);
});

test("a path that no test matches fails, and says so", () => {
  const script = join(repositoryRoot(), "scripts/test.mjs");
  const { status, stdout } = spawnSync(process.execPath, [script, "--no-build", "no/such/path"], {
    encoding: "utf8",
    cwd: "/",
  });
  expect(stdout.trimEnd().split("\n").at(-1)).toBe("0 passed, 1 failed, 0 skipped");
  expect(status).toBe(1);
});
