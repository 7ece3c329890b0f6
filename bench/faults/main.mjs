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
  for (const fault of options.faults) {
    for (const lease of options.leases) await throwAtAll({ fault, lease, report, directory, options });
  }
  console.log(
    textTable(
      ["fault", "lease", ...HEAD],
      report.results.map((one) => [one.fault, one.lease, ...rowOf(one)]),
    ),
  );
  if (options.publish) publishFaults(report);
  return 0;
}

/** The systems stand beside each other, each on a server of its own: all that they do most of the time is wait. */
async function throwAtAll({ fault, lease, report, directory, options }) {
  const able = [];
  for (const system of options.systems) {
    const subject = await loadSubject(system);
    const missing = subject.store === "redis" ? missingRedis() : undefined;
    if (missing !== undefined) report.skipped.push({ name: system, reason: missing });
    else if (lease in subject.leases) able.push(system);
  }
  const where = { postgres: options.postgres, directory };
  const results = await Promise.all(able.map((system) => experiment({ system, fault, lease }, where)));
  for (const result of results) console.log(JSON.stringify(result));
  report.results.push(...results);
  if (options.json) writeFileSync(options.json, JSON.stringify(report, undefined, 1));
}
