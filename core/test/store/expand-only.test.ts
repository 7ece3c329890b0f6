import { describe, expect, test } from "vitest";
import { shippedMigrations } from "../../src/store/migrate.ts";

/** The first migrations were made while no release used their tables. */
const FIRST_BOUND = 6;

/** What would break a process of the release before, which goes on while the schema has changed under it. */
const BREAKS: readonly (readonly [what: string, pattern: RegExp])[] = [
  ["takes a table, type, view, function or schema away", /\bdrop\s+(table|type|view|function|schema|sequence)\b/],
  ["takes a column away", /\bdrop\s+(column\b|(?!constraint|index|default|not\b|identity)\w+\s*[,;])/],
  ["gives something another name", /\brename\s+(to|column|value|constraint)?/],
  ["gives a column another type", /\balter\s+(column\s+)?\w+\s+(set\s+data\s+)?type\b/],
  ["wants a value where none was needed", /\bset\s+not\s+null\b/],
  ["adds a column that older inserts leave empty", /\badd\s+column\s+(?![^,;]*\bdefault\b)[^,;]*\bnot\s+null\b/],
];

function breaksOf(text: string): readonly string[] {
  const said = text.replace(/--.*$/gm, "").toLowerCase();
  return BREAKS.filter(([, pattern]) => pattern.test(said)).map(([what]) => what);
}

describe("migrations only add: processes of two releases work side by side", () => {
  test.each(shippedMigrations().filter(({ number }) => number >= FIRST_BOUND))("$name", ({ text }) => {
    expect(breaksOf(text)).toEqual([]);
  });

  test.each([
    "drop table callsheet.job;",
    "alter table callsheet.job drop column tags;",
    "alter table callsheet.object drop column a, drop column b;",
    "alter table callsheet.job rename column tags to labels;",
    "alter table callsheet.job rename to jobs;",
    "alter table callsheet.job alter column rank type int;",
    "alter table callsheet.job alter column tags set not null;",
    "alter table callsheet.job add column weight int not null;",
    "drop function callsheet.deadline(timestamptz);",
  ])("%s would be found", (text) => {
    expect(breaksOf(text)).toHaveLength(1);
  });

  test.each([
    "create table callsheet.next (id int primary key not null);",
    "alter table callsheet.job add column weight int, add column size int not null default 0;",
    "alter table callsheet.job alter column weight drop not null;",
    "drop index callsheet.event_feed; -- drop table",
    "alter table callsheet.event detach partition callsheet.event_rest;",
  ])("%s may be done", (text) => {
    expect(breaksOf(text)).toEqual([]);
  });
});
