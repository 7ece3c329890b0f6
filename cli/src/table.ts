import stringWidth from "string-width";
import { colours } from "./colours.ts";
import { printable } from "./printable.ts";
import { shorten } from "./shorten.ts";

export interface Column<Row> {
  readonly title: string;
  /** What stands in the column; made harmless for a terminal by the table. */
  readonly cell: (row: Row) => string;
  /** What a program reads instead, such as a time in full. Default: the cell. */
  readonly plain?: (row: Row) => string;
  /** Numbers read better at the right. Default "left". */
  readonly align?: "left" | "right";
  /** May be cut to fit the terminal: a text at its end, a path or name in its middle. Default: never. */
  readonly shorten?: "end" | "middle";
  /** Colours a cell that is already made harmless and padded. */
  readonly paint?: (text: string, row: Row) => string;
}

const GAP = "  ";
/** A column is not cut below this. */
const NARROWEST = 8;

/**
 * Rows under their titles, each column as wide as its widest cell, also with letters that are two wide. Columns that may be
 * cut share what is left of `width`, by default without end. Ends with a new line.
 */
export function renderTable<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  width = Number.POSITIVE_INFINITY,
): string {
  const cells = rows.map((row) => columns.map((column) => printable(column.cell(row))));
  const wanted = columns.map(({ title }, index) =>
    Math.max(...[title, ...cells.map((line) => line[index]!)].map((text) => stringWidth(text))),
  );
  const widths = fitted(columns, wanted, width - GAP.length * (columns.length - 1));
  const laid = (texts: readonly string[]) =>
    texts.map((text, index) => {
      const { align = "left", shorten: where = "end" } = columns[index]!;
      return pad(shorten(text, widths[index]!, where), widths[index]!, align);
    });
  const head = laid(columns.map(({ title }) => title)).map((title) => colours.bold(title));
  const body = cells.map((line, at) =>
    laid(line).map((text, index) => columns[index]!.paint?.(text, rows[at]!) ?? text),
  );
  return [head, ...body].map((line) => `${line.join(GAP).trimEnd()}\n`).join("");
}

/** Rows for a pipe: columns between tabs, whole and without titles. */
export function renderTabs<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  return rows
    .map((row) => `${columns.map(({ plain, cell }) => printable((plain ?? cell)(row))).join("\t")}\n`)
    .join("");
}

/** The widths of columns within a whole: the widest of those that may be cut give way first. */
function fitted<Row>(columns: readonly Column<Row>[], wanted: readonly number[], whole: number): readonly number[] {
  const widths = [...wanted];
  let excess = widths.reduce((sum, width) => sum + width, 0) - whole;
  while (excess > 0) {
    const widest = widths.reduce(
      (best, width, at) => (canGiveWay(columns[at]!, width) && width > (widths[best] ?? 0) ? at : best),
      -1,
    );
    if (widest === -1) break;
    widths[widest]! -= 1;
    excess -= 1;
  }
  return widths;
}

function canGiveWay<Row>(column: Column<Row>, width: number): boolean {
  return column.shorten !== undefined && width > Math.max(NARROWEST, stringWidth(column.title));
}

function pad(text: string, width: number, align: "left" | "right"): string {
  const space = " ".repeat(Math.max(0, width - stringWidth(text)));
  return align === "right" ? space + text : text + space;
}
