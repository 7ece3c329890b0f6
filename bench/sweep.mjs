import { writeFileSync } from "node:fs";
import { spread } from "./measure/statistics.mjs";
import { bestFirst } from "./measure/sweep-order.mjs";
import { readable, textTable } from "./measure/table.mjs";
import { bulkCreate, singleCreate } from "./scenarios/create.mjs";
import { drain } from "./scenarios/drain.mjs";
import { latency } from "./scenarios/latency.mjs";
import { onStage } from "./scenarios/stage.mjs";

const KEPT = new URL("./sweep.json", import.meta.url);

/**
 * Tries the systems' candidate settings, prints them from best to worst and keeps them for the page. The adapters' settings
 * are then set by hand to what came out.
 * @param {any} servers
 * @param {{quick: boolean, rounds: number, limitMs: number}} options
 */
export async function sweep(servers, { quick, rounds, limitMs }) {
  const jobs = quick ? 1_000 : 100_000;
  const parts = {
    create: { scenario: bulkCreate({ count: jobs }), figure: "rate" },
    single: { scenario: singleCreate({ count: jobs / 20, callers: 100 }), figure: "rate" },
    drain: { scenario: drain({ count: jobs, workers: 1, limitMs, variants: ["analysed"] }), figure: "rate" },
    latency: { scenario: latency({ count: quick ? 20 : 500, perSecond: 100, processes: 2 }), figure: "p50Ms" },
  };
  const results = [];
  for (const system of servers.systems) {
    for (const candidate of system.candidates) {
      const { scenario, figure } = parts[candidate.part];
      const values = [];
      let isContended = false;
      for (let round = 1; round <= rounds; round += 1) {
        const run = await tryOut(servers, system, candidate, scenario);
        values.push(run.figures[figure]);
        isContended ||= run.load.during.contended;
      }
      const { median, min, max } = spread(values);
      const tried = { system: system.name, ...candidate, figure, median, min, max, contended: isContended };
      results.push(tried);
      console.log(lineOf(tried).join("  "));
    }
  }
  const order = bestFirst(results);
  console.log(`\n${textTable(["system and part", "settings", "median"], order.map(lineOf))}`);
  const kept = { date: new Date().toISOString(), jobs, rounds, results: order };
  if (!quick) writeFileSync(KEPT, `${JSON.stringify(kept, undefined, 2)}\n`);
  return 0;
}

const lineOf = ({ system, part, settings, figure, median, contended }) => [
  `${system} ${part}`,
  JSON.stringify(settings),
  `${readable(median)} ${figure === "rate" ? "jobs/s" : "ms"}${contended ? " *" : ""}`,
];

async function tryOut(servers, system, { part, settings }, scenario) {
  const tried = { ...system, settings: { ...system.settings, [part]: settings } };
  const [variant] = scenario.variants(tried);
  return onStage({ system: tried, server: servers.serverOf(system), calmMs: 0 }, (stage) =>
    scenario.play(stage, variant),
  );
}
