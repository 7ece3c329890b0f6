import { usageError } from "./failure.ts";
import { type Column, renderTable, renderTabs } from "./table.ts";
import type { Terminal } from "./terminal.ts";

interface List<Row extends object> {
  readonly rows: readonly Row[];
  readonly columns: readonly Column<Row>[];
  /** Said to a person when there is nothing. */
  readonly empty: string;
}

/** Prints a list as it is wanted: a table, columns between tabs, JSON (`[]` when there is nothing), or one JSON value a line. */
export function printList<Row extends object>(terminal: Terminal, list: List<Row>): void {
  if (list.rows.length === 0 && terminal.format === "table") terminal.note(list.empty);
  else terminal.write(listText(terminal, list));
}

function listText<Row extends object>(terminal: Terminal, { rows, columns }: List<Row>): string {
  switch (terminal.format) {
    case "json":
      return jsonText(rows.map((row) => picked(row, terminal)));
    case "jsonl":
      return rows.map(jsonLine).join("");
    case "tabs":
      return renderTabs(columns, rows);
    case "table":
      return renderTable(columns, rows, terminal.width);
  }
}

/** Prints one thing as it is wanted: as `text` tells it, or as JSON. */
export function printOne(terminal: Terminal, value: object, text: () => string): void {
  if (terminal.format === "json") terminal.write(jsonText(picked(value, terminal)));
  else terminal.write(terminal.format === "jsonl" ? jsonLine(value) : text());
}

/** A value as one line of JSON. */
export function jsonLine(value: unknown): string {
  return `${harmless(JSON.stringify(value))}\n`;
}

function jsonText(value: unknown): string {
  return `${harmless(JSON.stringify(value, null, 2))}\n`;
}

/** JSON that a terminal may show: what would steer it is escaped, and means the same. */
function harmless(json: string): string {
  // JSON.stringify has escaped the line feeds of texts; those that are left are its own.
  return json.replace(/(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    Array.from({ length: character.length }, (_, at) => escaped(character.charCodeAt(at))).join(""),
  );
}

const escaped = (unit: number): string => `\\u${unit.toString(16).padStart(4, "0")}`;

function picked(value: object, { flags: { json } }: Terminal): unknown {
  if (!Array.isArray(json)) return value;
  const known = Object.keys(value);
  const unknown = json.filter((field) => !known.includes(field));
  if (unknown.length > 0) {
    throw usageError(`There is no field ${unknown.join(", ")}.`, `Take fields of these: ${known.join(", ")}.`);
  }
  return Object.fromEntries(json.map((field: string) => [field, value[field as keyof typeof value]]));
}
