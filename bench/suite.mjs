import { readFileSync, writeFileSync } from "node:fs";
import { describe } from "./machine/describe.mjs";
import { compare } from "./measure/compare.mjs";
import { faultOf } from "./measure/tally.mjs";
import { chooseNames, readOptions, USAGE } from "./options.mjs";
import { mergeReports } from "./report/merge.mjs";
import { publish } from "./report/publish.mjs";
import { printComparison, printHead, printResult, printSummary } from "./report/terminal.mjs";
import { measure } from "./rounds.mjs";
import { QUICK_SCENARIOS, scenariosOf } from "./scenarios/index.mjs";
import { openServers } from "./servers.mjs";
import { sweep } from "./sweep.mjs";

/**
 * Does what the command line says; the answer is the exit code.
 * @param {readonly string[]} words
 */
export async function main(words) {
  let options;
  try {
    options = readOptions(words);
  } catch (error) {
    console.error(error.message);
    return 2;
  }
  if (options.help) return say(USAGE);
  const scenarios = scenariosOf({ size: options.quick ? "quick" : "full", limitMs: options.limitMs });
  if (options.list)
    return say(
      Object.entries(scenarios)
        .map(([name, one]) => `${name.padEnd(20)}${one.title}`)
        .join("\n"),
    );
  if (options.command === "publish")
    return publishOrRefuse(mergeReports(options.files.map((file) => JSON.parse(readFileSync(file, "utf8")))), options);
  if (options.command === "sweep") return withServers(options, (servers) => sweep(servers, options));
  return withServers(options, (servers) => measureAll(servers, scenarios, options));
}

function say(text) {
  console.log(text);
  return 0;
}

async function withServers(options, play) {
  let servers;
  let ending;
  const end = (signal) => {
    ending ??= (servers?.close() ?? Promise.resolve()).finally(() => process.exit(signal === "SIGINT" ? 130 : 143));
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, end);
  servers = await openServers(options);
  try {
    for (const { name, reason } of servers.skipped) console.log(`skipped: ${name}: ${reason}`);
    return await play(servers);
  } finally {
    if (ending === undefined) await servers.close();
  }
}

async function measureAll(servers, scenarios, options) {
  const names = chooseNames(Object.keys(scenarios), options.only ?? (options.quick ? QUICK_SCENARIOS : undefined));
  const head = { quick: options.quick, rounds: options.rounds, limitMs: options.limitMs, skipped: servers.skipped };
  const report = { ...head, ...describe(servers), scenarios: titles(scenarios, names), results: [] };
  printHead(report);
  const failures = await measure({
    servers,
    scenarios: names.map((name) => ({ name, ...scenarios[name] })),
    rounds: options.rounds,
    calmMs: options.quick ? 50 : 500,
    onResult: (result) => {
      report.results.push(result);
      printResult(result);
      if (options.json) writeFileSync(options.json, JSON.stringify(report, undefined, 1));
    },
  });
  printSummary(report);
  printComparison(compare(report.results, report.systems), report);
  if (failures > 0) console.log(`\n${failures} runs failed`);
  const faults = report.results.map((run) => ({ run, fault: faultOf(run, report) })).filter(({ fault }) => fault);
  for (const { run, fault } of faults) console.log(`${run.scenario}: ${run.system} ${fault}`);
  const broken = failures > 0 || faults.length > 0;
  const published = options.publish ? publishOrRefuse(report, options) : 0;
  return broken ? 1 : published;
}

const titles = (scenarios, names) => Object.fromEntries(names.map((name) => [name, scenarios[name].title]));

function publishOrRefuse(report, options) {
  const refusal = publish(report, { contended: options.force ? "mark" : "refuse" });
  if (refusal === undefined) return say("wrote docs/performance.md");
  console.error(`not published: ${refusal}`);
  return 1;
}
