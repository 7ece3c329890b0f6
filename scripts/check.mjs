// Runs all gates but the tests; with names, only those. Every gate runs, whatever those before it found.
import { spawnSync } from "node:child_process";
import { STEPS } from "./check/steps.mjs";
import { repositoryRoot } from "./repository/root.mjs";

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !STEPS.some((step) => step.name === name));
if (unknown.length > 0) {
  console.error(`No gate is called ${unknown.join(", ")}. There are: ${STEPS.map((step) => step.name).join(", ")}.`);
  process.exit(2);
}

const failed = [];
for (const step of STEPS.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
  const isFine = step.command === undefined ? findsNothing(step) : succeeds(step);
  console.log(`${isFine ? "ok    " : "FAILED"} ${step.name}: ${step.what}`);
  if (!isFine) failed.push(step.name);
}
console.log(failed.length === 0 ? "check: all is well" : `check: FAILED (${failed.join(", ")})`);
process.exitCode = failed.length === 0 ? 0 : 1;

function findsNothing(step) {
  const problems = step.find(repositoryRoot());
  for (const { path, line, message } of problems) console.log(`${path}:${line}  ${message}`);
  return problems.length === 0;
}

function succeeds({ command: [file, ...args] }) {
  const options = { cwd: repositoryRoot(), stdio: "inherit" };
  return spawnSync(process.execPath, [`node_modules/${file}`, ...args], options).status === 0;
}
