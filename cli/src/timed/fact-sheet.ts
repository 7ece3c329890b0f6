import { colours } from "../colours.ts";
import { printable } from "../printable.ts";

/** Something by its name, with what is said of it and its facts, a line each; facts without a text are left out. */
export function factSheet(
  name: string,
  description: string,
  facts: readonly (readonly [title: string, text: string])[],
): string {
  return [
    `${colours.bold(printable(name))}\n`,
    description === "" ? "" : `${printable(description)}\n`,
    ...facts
      .filter(([, text]) => text !== "")
      .map(([title, text]) => `  ${colours.dim(title.padEnd(10))}${printable(text)}\n`),
  ].join("");
}
