import { isVoid } from "./measure/tally.mjs";
import { onStage, onStore } from "./scenarios/stage.mjs";

/**
 * Runs every scenario round by round, each system once in a round and the first of them changing from round to round, so
 * that a slow minute of the machine meets all of them alike. A run that throws is told and counted, and the others go on.
 * @param {{servers: any, scenarios: readonly any[], rounds: number, calmMs: number, onResult: (result: any) => void}} how
 */
export async function measure({ servers, scenarios, rounds, calmMs, onResult }) {
  let failures = 0;
  for (const scenario of scenarios) {
    for (let round = 1; round <= rounds; round += 1) {
      for (const run of runsOf(scenario, round, servers)) {
        try {
          onResult(await playRun(run, { scenario, round, calmMs, servers }));
        } catch (error) {
          if (servers.isClosing()) return failures;
          failures += 1;
          console.error(`${scenario.name}: ${run.system.name} failed: ${error.stack}`);
        }
      }
    }
  }
  return failures;
}

function runsOf(scenario, round, { systems }) {
  if (scenario.alone) return [{ system: { name: "postgresql", store: "postgres" }, variant: "" }];
  const able = systems.filter(
    ({ name, store, isAside = false }) =>
      (scenario.stores?.includes(store) ?? true) && (scenario.systems?.includes(name) ?? !isAside),
  );
  const first = able.length === 0 ? 0 : (round - 1) % able.length;
  const order = [...able.slice(first), ...able.slice(0, first)];
  return order.flatMap((system) => scenario.variants(system).map((variant) => ({ system, variant })));
}

async function playRun({ system, variant }, { scenario, round, calmMs, servers }) {
  const open = scenario.alone ? onStore : onStage;
  const played = await open({ system, server: servers.serverOf(system), calmMs }, (stage) =>
    scenario.play(stage, variant),
  );
  const { figures, cost, load, counts } = played;
  const contended = load.before.contended || load.during.contended;
  const run = { scenario: scenario.name, system: system.name, variant, round };
  return { ...run, figures, cost, counts, load, contended, void: isVoid(counts) };
}
