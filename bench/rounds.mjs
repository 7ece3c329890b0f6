import { isVoid } from "./measure/tally.mjs";
import { onStage, onStore } from "./scenarios/stage.mjs";

/**
 * Runs what `schedule` says. A run that throws is told and counted, and the others go on.
 * @param {{servers: any, scenarios: readonly any[], rounds: number, calmMs: number, onResult: (result: any) => void}} how
 */
export async function measure({ servers, scenarios, rounds, calmMs, onResult }) {
  let failures = 0;
  for (const { scenario, round, ...run } of schedule(scenarios, rounds, servers.systems)) {
    try {
      onResult(await playRun(run, { scenario, round, calmMs, servers }));
    } catch (error) {
      if (servers.isClosing()) return failures;
      failures += 1;
      console.error(`${scenario.name}: ${run.system.name} failed: ${error.stack}`);
    }
  }
  return failures;
}

/**
 * Every scenario once in a round, and each system once in it, the first of them changing from round to round: so that a slow
 * quarter of an hour of the machine meets alike what is compared, systems and scenarios.
 */
export function schedule(scenarios, rounds, systems) {
  const numbers = Array.from({ length: rounds }, (_, index) => index + 1);
  return numbers.flatMap((round) =>
    scenarios.flatMap((scenario) => runsOf(scenario, round, systems).map((run) => ({ scenario, round, ...run }))),
  );
}

function runsOf(scenario, round, systems) {
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
