/** A table in Markdown. Cells are single lines; a bar within one is escaped. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => "---"), ...rows].map(tableRow).join("\n");
}

/** Names set as code, separated by commas. */
export function names(all: readonly string[]): string {
  return all.map((one) => `\`${one}\``).join(", ");
}

/** A document of blocks with an empty line between them. `source` says what to change instead of it. */
export function page(title: string, source: string, blocks: readonly string[]): string {
  return `${[`<!-- Generated from ${source}: change that, and generate again. -->`, `# ${title}`, ...blocks].join("\n\n")}\n`;
}

function tableRow(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}
