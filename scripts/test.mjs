// Runs the tests of the whole workspace, or of the paths that are given; `--pack` runs the packing tests instead.
// The last line of its output is the sum.
import { startVitest } from "vitest/node";
import { repositoryRoot } from "./repository/root.mjs";
import { closingLine, skippedLines, tallyOf } from "./tests/tally.mjs";

const args = process.argv.slice(2);
const filters = args.filter((arg) => !arg.startsWith("--"));
const unknown = args.filter((arg) => arg.startsWith("--") && arg !== "--pack");
if (unknown.length > 0) {
  console.error(`npm test takes paths, and --pack. It does not know: ${unknown.join(" ")}`);
  process.exit(2);
}

let tally = { passed: 0, failed: 1, skipped: 0, reasons: new Map() };
const counter = {
  onTestRunEnd(modules, unhandledErrors) {
    tally = tallyOf(modules, unhandledErrors);
  },
};

process.chdir(repositoryRoot());
const vitest = await startVitest("test", filters, {
  watch: false,
  reporters: ["default", counter],
  ...(args.includes("--pack") ? { include: ["scripts/pack/*.test.mjs"] } : {}),
});
await vitest.close();

if (tally.passed + tally.failed + tally.skipped === 0) {
  console.error(`No test file matches ${filters.join(" ") || "the patterns of vitest.config.ts"}.`);
  tally.failed = 1;
}
for (const line of skippedLines(tally)) console.log(line);
process.stdout.write(`${closingLine(tally)}\n`, () => process.exit(tally.failed === 0 ? 0 : 1));
