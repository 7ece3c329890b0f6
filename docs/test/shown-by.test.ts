import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { INVARIANTS } from "@callsheet/contract";
import { expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const read = (page: string) => readFileSync(`${ROOT}docs/${page}`, "utf8");
const PAGES = ["failure-modes.md", "database-failures.md", "reliability.md"];

test.each(PAGES)("every file that %s names is there", (page) => {
  const named = [...read(page).matchAll(/`((?:core|contract|actions|cli|queue|bench|docs)\/[\w./-]+)`/g)].map(
    ([, path]) => path!,
  );
  expect(named.length).toBeGreaterThan(5);
  expect(named.filter((path) => !existsSync(ROOT + path))).toEqual([]);
});

test("each row of the failures names a test, or says why there is none", () => {
  const rows = PAGES.slice(0, 2).flatMap((page) => read(page).match(/^\| F\d\d.*$/gm) ?? []);
  expect(rows.length).toBeGreaterThan(45);
  const isShown = (row: string) => /\.test\.ts`|`bench\/|none is needed/.test(row.split("|").at(-2)!);
  expect(rows.filter((row) => !isShown(row))).toEqual([]);
});

test("no failure of workers, databases, time, races, rollback, files and upgrades is left out, or told twice", () => {
  const told = PAGES.slice(0, 2)
    .flatMap((page) => read(page).match(/^\| F\d\d[^|]*\|/gm) ?? [])
    .flatMap((cell) => cell.match(/\d\d/g)!.map(Number));
  const span = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => from + n);
  const all = [...span(1, 44), ...span(54, 68), ...span(74, 75), ...span(79, 80)];
  expect(told.toSorted((a, b) => a - b)).toEqual(all);
});

test("the page on reliability has every invariant of the checker", () => {
  const told = (read("reliability.md").match(/^\| [IS]\d\d[^|]*\|/gm) ?? []).flatMap(
    (cell) => cell.match(/[IS]\d\d/g)!,
  );
  expect(Object.keys(INVARIANTS).filter((name) => !told.includes(name))).toEqual([]);
});
