import { changeDay, type FacilityDay, type SimulationReport, simulate, type Usage } from "@callsheet/contract";
import { usageError } from "../failure.ts";
import type { SimulateFlags } from "./flags.ts";

/** A day as it was, and as it would have been. */
export interface Comparison {
  readonly asItWas: SimulationReport;
  /** What was changed, in words; null: nothing. */
  readonly change: string | null;
  /** With the change; null without one. */
  readonly changed: SimulationReport | null;
}

/** Replays a day as it was, and as it would have been. */
export function compare(day: FacilityDay, { set = {}, slots }: Pick<SimulateFlags, "set" | "slots">): Comparison {
  const changes = Object.entries(set).map(([name, units]) => `${name}=${units}`);
  if (slots !== undefined) changes.push(`${slots} slots a node`);
  const whatIf = changeDay(day, { capacities: set, ...(slots === undefined ? {} : { slots }) });
  if (whatIf.nodes.length === 0) throw usageError("No node ran in that day.", "Say with --slots how much ran at once.");
  // Without nodes of its own a day can only be replayed on made-up ones.
  const isCompared = changes.length > 0 && day.nodes.length > 0;
  const asItWas = simulate(isCompared ? day : whatIf);
  return { asItWas, change: isCompared ? changes.join(", ") : null, changed: isCompared ? simulate(whatIf) : null };
}

/** The use of one thing as it was, and as it would have been; undefined where there was no such thing. */
export interface Use {
  readonly name: string;
  readonly before: Usage | undefined;
  readonly after: Usage | undefined;
}

/** Slots first, then resources and limits; last those that only the change brings. */
export function usesOf({ asItWas, changed }: Comparison): readonly Use[] {
  const names = new Set([asItWas, changed].flatMap((report) => report?.pools.map(({ name }) => name) ?? []));
  const find = (report: SimulationReport | null, name: string) => report?.pools.find((pool) => pool.name === name);
  return [...names].map((name) => ({ name, before: find(asItWas, name), after: find(changed, name) }));
}

/** `11.2 of 17, 66 %` */
export function describeUsage({ meanUsed, meanCapacity }: Usage): string {
  const share = meanCapacity === 0 ? 0 : Math.round((100 * meanUsed) / meanCapacity);
  return `${meanUsed.toFixed(1)} of ${Number(meanCapacity.toFixed(1))}, ${share} %`;
}
