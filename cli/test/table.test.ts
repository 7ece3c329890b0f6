import { stripVTControlCharacters } from "node:util";
import { expect, it } from "vitest";
import { type Column, renderTable } from "../src/table.ts";

interface Row {
  readonly name: string;
  readonly size: string;
}

const columns: readonly Column<Row>[] = [
  { title: "Name", cell: ({ name }) => name },
  { title: "Size", cell: ({ size }) => size, align: "right" },
];
const table = (...rows: readonly Row[]) => stripVTControlCharacters(renderTable(columns, rows));

it("columns are as wide as their widest cell, numbers at the right", () => {
  expect(table({ name: "a", size: "1 B" }, { name: "longer", size: "1000 B" })).toBe(
    ["Name      Size", "a          1 B", "longer  1000 B", ""].join("\n"),
  );
});

it("letters that are two wide keep the columns straight", () => {
  expect(table({ name: "映画", size: "1" }, { name: "abcd", size: "2" })).toBe(
    ["Name  Size", "映画     1", "abcd     2", ""].join("\n"),
  );
});

it("a name cannot break the table or steer the terminal", () => {
  expect(table({ name: "a\n\u001b[31m", size: "1" })).toBe(
    ["Name           Size", "a\\n\\u{1b}[31m     1", ""].join("\n"),
  );
});

it("colours are painted on what is already padded, so that they take no width", () => {
  const paint = (text: string) => `<${text}>`;
  const text = renderTable([{ ...columns[0]!, paint }, columns[1]!], [{ name: "a", size: "1" }]);
  expect(text).toContain("<a   >     1\n");
});

it("a column without anything in it is left out", () => {
  expect(table({ name: "a", size: "" }, { name: "b", size: "" })).toBe("Name\na\nb\n");
});

it("a table without rows shows its titles", () => {
  expect(table()).toBe("Name  Size\n");
});
