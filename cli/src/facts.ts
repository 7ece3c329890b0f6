import { colours } from "./colours.ts";
import { printable } from "./printable.ts";

/** A name and what there is to say of it. */
export type Fact = readonly [name: string, value: string];

/** Facts one under the other, their values beginning in one column; made harmless for a terminal. */
export function factsText(facts: readonly Fact[]): string {
  const width = Math.max(0, ...facts.map(([name]) => name.length));
  return facts.map(([name, value]) => `${colours.bold(name.padEnd(width))}  ${printable(value)}\n`).join("");
}
