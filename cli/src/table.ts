import stringWidth from "string-width";
import { colours } from "./colours.ts";
import { printable } from "./printable.ts";

export interface Column<Row> {
  readonly title: string;
  /** What stands in the column; made harmless for a terminal by the table. */
  readonly cell: (row: Row) => string;
  /** What a program reads instead, such as a time in full. Default: the cell. */
  readonly plain?: (row: Row) => string;
  /** Numbers read better at the right. Default "left". */
  readonly align?: "left" | "right";
  /** Colours a cell that is already made harmless and padded. */
  readonly paint?: (text: string, row: Row) => string;
}

const GAP = "  ";

/** Rows under their titles, each column as wide as its widest cell, also with letters that are two wide. Ends with a new line. */
export function renderTable<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const cells = rows.map((row) => columns.map((column) => printable(column.cell(row))));
  const widths = columns.map(({ title }, index) =>
    Math.max(...[title, ...cells.map((line) => line[index]!)].map((text) => stringWidth(text))),
  );
  const padded = (texts: readonly string[]) =>
    texts.map((text, index) => pad(text, widths[index]!, columns[index]!.align ?? "left"));
  const head = padded(columns.map(({ title }) => title)).map((title) => colours.bold(title));
  const body = cells.map((line, at) =>
    padded(line).map((text, index) => columns[index]!.paint?.(text, rows[at]!) ?? text),
  );
  return [head, ...body].map((line) => `${line.join(GAP).trimEnd()}\n`).join("");
}

/** Rows for a pipe: columns between tabs, whole and without titles. */
export function renderTabs<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  return rows
    .map((row) => `${columns.map(({ plain, cell }) => printable((plain ?? cell)(row))).join("\t")}\n`)
    .join("");
}

function pad(text: string, width: number, align: "left" | "right"): string {
  const space = " ".repeat(width - stringWidth(text));
  return align === "right" ? space + text : text + space;
}
