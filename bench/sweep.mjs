import { writeFileSync } from "node:fs";
import { median } from "./measure/statistics.mjs";
import { readable, textTable } from "./measure/table.mjs";
import { bulkCreate } from "./scenarios/create.mjs";
import { drain } from "./scenarios/drain.mjs";
import { onStage } from "./scenarios/stage.mjs";

const KEPT = new URL("./sweep.json", import.meta.url);

/**
 * Tries each peer's candidate settings, prints them from best to worst and keeps them for the page. The adapters' settings
 * are then set by hand to what came out.
 * @param {any} servers
 * @param {{quick: boolean, rounds: number, limitMs: number}} options
 */
export async function sweep(servers, { quick, rounds, limitMs }) {
  const jobs = quick ? 1_000 : 100_000;
  const scenarios = { create: bulkCreate({ count: jobs }), drain: drain({ count: jobs, workers: 1, limitMs }) };
  const results = [];
  for (const system of servers.systems) {
    for (const candidate of system.candidates) {
      const rates = [];
      for (let round = 1; round <= rounds; round += 1) rates.push(await tryOut(servers, system, candidate, scenarios));
      const rate = median(rates);
      results.push({ system: system.name, ...candidate, rate, rates });
      console.log(`${system.name} ${candidate.part} ${JSON.stringify(candidate.settings)}: ${readable(rate)} jobs/s`);
    }
  }
  const order = results.toSorted(
    (a, b) => a.system.localeCompare(b.system) || a.part.localeCompare(b.part) || b.rate - a.rate,
  );
  const rows = order.map((one) => [`${one.system} ${one.part}`, JSON.stringify(one.settings), readable(one.rate)]);
  console.log(`\n${textTable(["system", "settings", "jobs/s"], rows)}`);
  if (!quick)
    writeFileSync(
      KEPT,
      `${JSON.stringify({ date: new Date().toISOString(), jobs, rounds, results: order }, undefined, 2)}\n`,
    );
  return 0;
}

async function tryOut(servers, system, { part, settings }, scenarios) {
  const tried = { ...system, settings: { ...system.settings, [part]: settings } };
  const variant = part === "drain" ? scenarios.drain.variants(tried).at(-1) : "";
  const played = await onStage({ system: tried, server: servers.serverOf(system), calmMs: 0 }, (stage) =>
    scenarios[part].play(stage, variant),
  );
  return played.figures.rate;
}
