import { readFileSync, writeFileSync } from "node:fs";
import { describe } from "../machine/describe.mjs";
import { makeDirectory, removeDirectory } from "../machine/directory.mjs";
import { missingRedis } from "../machine/redis.mjs";
import { textTable } from "../measure/table.mjs";
import { experiment } from "./experiment.mjs";
import { readFaultOptions, USAGE } from "./options.mjs";
import { HEAD, mergeOutcomes, publishFaults, rowOf } from "./page.mjs";
import { loadSubject } from "./subjects/index.mjs";

/**
 * Does what the command line says; the answer is the exit code.
 * @param {readonly string[]} words
 */
export async function main(words) {
  let options;
  try {
    options = readFaultOptions(words);
  } catch (error) {
    console.error(error.message);
    return 2;
  }
  if (options.help) console.log(USAGE);
  else if (options.command === "publish")
    publishFaults(mergeOutcomes(options.files.map((file) => JSON.parse(readFileSync(file, "utf8")))));
  else return await throwAll(options);
  return 0;
}

async function throwAll(options) {
  const directory = makeDirectory(options.data);
  process.on("exit", () => removeDirectory(directory));
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => process.exit(1));
  const { machine, ...head } = describe({ directory, servers: [], systems: [] });
  const report = { date: head.date, commit: head.commit, node: head.node, machine, skipped: [], results: [] };
  for (const one of plan(options)) await throwAtAll({ ...one, report, directory, options });
  console.log(
    textTable(
      ["fault", "lease", ...HEAD],
      report.results.map((one) => [one.fault, one.lease, ...rowOf(one)]),
    ),
  );
  if (options.publish) publishFaults(report);
  const broken = report.results.filter(({ system, lost, stuck }) => system === "callsheet" && lost + stuck > 0);
  for (const { fault, lost, stuck } of broken) console.error(`callsheet, ${fault}: ${lost} jobs lost, ${stuck} stuck`);
  return broken.length === 0 ? 0 : 1;
}

/** Which faults go together, and with which leases: one and one, unless it has to be quick. */
const plan = ({ faults, leases, quick }) =>
  quick
    ? [{ faults, leases: ["short", "usual"] }]
    : faults.flatMap((fault) => leases.map((lease) => ({ faults: [fault], leases: [lease] })));

/**
 * The systems stand beside each other, each on a server of its own: all that they do most of the time is wait. Each has the
 * first of the leases that it knows.
 */
async function throwAtAll({ faults, leases, report, directory, options }) {
  const able = [];
  for (const system of options.systems) {
    const subject = await loadSubject(system);
    const missing = subject.store === "redis" ? missingRedis() : undefined;
    if (missing !== undefined) report.skipped.push({ name: system, reason: missing });
    const lease = leases.find((one) => one in subject.leases);
    if (missing === undefined && lease !== undefined) able.push({ system, lease });
  }
  const size = options.quick ? "quick" : "full";
  const where = { postgres: options.postgres, directory };
  const results = await Promise.all(able.map((one) => experiment({ ...one, faults, size }, where)));
  for (const result of results) console.log(JSON.stringify(result));
  report.results.push(...results);
  if (options.json) writeFileSync(options.json, JSON.stringify(report, undefined, 1));
}
