// Builds, then runs the tests of the whole workspace or of the paths that are given. `--pack` runs the packing tests
// instead; `--no-build` takes what was built before. The last line of the output is the sum, also when nothing could run.
import { startVitest } from "vitest/node";
import { build } from "./build/build.mjs";
import { repositoryRoot } from "./repository/root.mjs";
import { closingLine, skippedLines, tallyOf } from "./tests/tally.mjs";

const OPTIONS = ["--pack", "--no-build"];

const args = process.argv.slice(2);
const filters = args.filter((arg) => !arg.startsWith("--"));
const unknown = args.filter((arg) => arg.startsWith("--") && !OPTIONS.includes(arg));
if (unknown.length > 0) {
  console.error(`npm test takes paths, ${OPTIONS.join(" and ")}. It does not know: ${unknown.join(" ")}`);
  process.exit(2);
}

process.chdir(repositoryRoot());
if (!args.includes("--no-build") && !build()) end({ passed: 0, failed: 1, skipped: 0, reasons: new Map() });

let tally = { passed: 0, failed: 1, skipped: 0, reasons: new Map() };
const counter = {
  onTestRunEnd(modules, unhandledErrors) {
    tally = tallyOf(modules, unhandledErrors);
  },
};

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
end(tally);

function end(sum) {
  for (const line of skippedLines(sum)) console.log(line);
  console.log(closingLine(sum));
  process.exit(sum.failed === 0 ? 0 : 1);
}
