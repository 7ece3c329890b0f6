import { describe, expect, it } from "vitest";
import { abbreviate } from "../src/job-id.ts";
import { staysOf } from "../src/jobs/stays.ts";
import { formatDistance, formatInstant, withLocalTimes } from "../src/moment.ts";
import { shorten } from "../src/shorten.ts";
import { type Column, renderTable, renderTabs } from "../src/table.ts";
import { valueLines } from "../src/value-text.ts";
import { anEntry } from "./an-entry.ts";

describe("shortening", () => {
  it.each([
    ["abcdefgh", 8, "end", "abcdefgh"],
    ["abcdefgh", 5, "end", "abcd…"],
    ["abcdefgh", 5, "start", "…efgh"],
    ["abcdefgh", 5, "middle", "ab…gh"],
    ["日本語", 5, "end", "日本…"],
    ["日本語", 4, "end", "日…"],
    ["👩‍👩‍👧x", 2, "end", "…"],
  ] as const)("%s to %d at the %s is %s", (text, width, where, cut) => expect(shorten(text, width, where)).toBe(cut));
});

interface Row {
  readonly id: string;
  readonly name: string;
}
const COLUMNS: readonly Column<Row>[] = [
  { title: "Id", cell: ({ id }) => id },
  { title: "Name", cell: ({ name }) => name, plain: ({ name }) => `plain ${name}`, shorten: "middle" },
  { title: "Note", cell: ({ name }) => `note of ${name}`, shorten: "end" },
];

describe("a table", () => {
  const rows = [{ id: "12345678901234", name: "a-rather-long-name.mp4" }];
  it("fits the terminal by cutting what may be cut, the widest first", () => {
    const lines = renderTable(COLUMNS, rows, 50).split("\n");
    expect(lines[1]).toHaveLength(50);
    expect(lines[1]).toBe("12345678901234  a-rather…ame.mp4  note of a-rathe…");
  });

  it("never cuts what may not be, however narrow", () => {
    expect(renderTable(COLUMNS, rows, 10).split("\n")[1]).toBe("12345678901234  a-ra…mp4  note of…");
  });

  it("in a pipe is whole, between tabs, on one line a row", () => {
    const evil = [{ id: "1", name: "a\tb\nc" }];
    expect(renderTabs(COLUMNS, evil)).toBe("1\tplain a\\tb\\nc\tnote of a\\tb\\nc\n");
  });
});

it("ids are cut to what tells them apart", () => {
  const ids = [
    "01a21f8e-d44c-700d-8126-52fd9c5e4c8c",
    "01a21f8e-d44c-700e-8126-52fd9c5e4c8c",
    "01a21f8f-0000-7000-8000-000000000000",
  ];
  expect(abbreviate(ids)).toEqual(["01a21f8e-d44c-700d", "01a21f8e-d44c-700e", "01a21f8f-0000-7000"]);
  expect(abbreviate(ids.slice(1))).toEqual(["01a21f8e-d44c", "01a21f8f-0000"]);
  expect(abbreviate([])).toEqual([]);
});

it("a value is lines of keys and values, what is inside indented, and harmless", () => {
  const value = {
    a: "text",
    n: 1,
    none: null,
    list: [1, "b"],
    "k\u001b": { deep: { e: {} } },
    rows: [{ x: 1, y: 2 }, { x: 3 }],
  };
  expect(valueLines(value)).toEqual([
    ...["a: text", "n: 1", "none: null", 'list: [1,"b"]', "k\\u{1b}:", "  deep:", "    e: {}"],
    ...["rows:", "  - x: 1", "    y: 2", "  - x: 3"],
  ]);
  expect(valueLines("just\na text")).toEqual(["just\\na text"]);
});

it.each([
  [0, "just now"],
  [-5_000, "5 s ago"],
  [90_000, "in 1 min"],
  [-3 * 3_600_000, "3 h ago"],
  [400, "in 1 s"],
])("%d ms from now is %s", (ms, text) => {
  const now = new Date(2026, 10, 28, 12);
  expect(formatDistance(new Date(now.getTime() + ms), now)).toBe(text);
});

it("what is days away is a date, and instants name their zone", () => {
  const at = new Date(2026, 11, 24, 18, 30);
  expect(formatDistance(at, new Date(2026, 10, 28))).toBe("2026-12-24");
  expect(formatInstant(at)).toMatch(/^2026-12-24 18:30:00 (UTC|[+-]\d\d:\d\d)$/);
  expect(withLocalTimes(`It waits until ${at.toISOString()}.`)).toBe(`It waits until ${formatInstant(at)}.`);
});

it("a stay in a state ends with the next change, not with what happened meanwhile", () => {
  const at = (seconds: number) => new Date(seconds * 1_000);
  const stays = staysOf([
    anEntry({ seq: 1, at: at(0), event: "create", from: null, to: "created" }),
    anEntry({ seq: 2, at: at(4), event: "amend", from: "created", to: "created" }),
    anEntry({ seq: 3, at: at(10), event: "plan", from: "created", to: "pending" }),
  ]);
  expect(stays.map(({ state, forMs, isChange }) => [state, forMs, isChange])).toEqual([
    ["created", 10_000, true],
    ["created", null, false],
    ["pending", null, true],
  ]);
});
