import { expect, test } from "vitest";
import type { Database } from "../../src/store/database.ts";
import { openTestDatabase } from "../../src/testing/index.ts";
import { contents, exported, imported } from "../fixtures/archive.ts";

interface Column {
  readonly table: string;
  readonly column: string;
  readonly type: string;
  readonly isEnum: boolean;
}

/** What a column must hold where not every value of its type may stand. A new table that refuses the usual ones belongs here. */
const SPECIAL: Readonly<Record<string, string>> = {
  "work.state": "'running'",
  "work.node_id": "7",
  "outcome.state": "'failed'",
  "undo_entry.state": "'intent'",
  // What a node keeps has no line and is not in quarantine.
  "object.keeper_id": "null",
  "ticket.mode": "'shared'",
  "pool.state": "'started'",
  "pause.scope": "'queue'",
  "retention.state": "'failed'",
  "composite.intent": "'none'",
  // A member is an asset or a collection.
  "collection_member.child_id": "null",
  // What was up counts as dead where it is imported: this one has ended before.
  "node.state": "'gone'",
};

/** A value of each type that is not what another type would make of it. */
function valueFor({ table, column, type, isEnum }: Column): string {
  const special = SPECIAL[`${table}.${column}`];
  if (special !== undefined) return special;
  if (type.endsWith("[]")) return `array[${valueFor({ table, column, type: type.slice(0, -2), isEnum })}]::${type}`;
  if (/^(small|big)?int/.test(type)) return type === "bigint" ? "9007199254740993" : "7";
  if (/^(real|double|numeric)/.test(type)) return "0.1";
  if (/^timestamp/.test(type)) return "'2026-03-04 05:06:07.890123+00'";
  if (type === "boolean") return "true";
  if (type === "uuid") return "'00000000-0000-7000-8000-000000000007'";
  if (/^bit/.test(type)) return "b'0101'";
  if (type === "bytea") return "'\\xdeadbeef'";
  // As it was written: the same key twice, a number beyond what JavaScript holds, a line feed, an escaped one.
  if (/^jsonb?$/.test(type)) return `'{"a": 9007199254740993,\n "b": "\\n\\u2028é", "a": [1.0]}'`;
  if (type === "text") return "'it''s\t\"é\"\\ \u2028 [end]'";
  if (isEnum) return `(enum_range(null::${type}))[1]`;
  throw new Error(`No value is known for ${table}.${column}, ${type}.`);
}

async function columnsOf(db: Database): Promise<readonly Column[]> {
  const { rows } = await db.query<Column>({
    text: `
      select c.table_name as "table", c.column_name as "column", format_type(a.atttypid, null) as type,
        'e' in (y.typtype, e.typtype) as "isEnum"
      from information_schema.columns c
      join information_schema.tables t using (table_schema, table_name)
      join pg_attribute a on a.attrelid = format('%I.%I', c.table_schema, c.table_name)::regclass and a.attname = c.column_name
      join pg_type y on y.oid = a.atttypid
      left join pg_type e on e.oid = y.typelem
      join pg_class r on r.oid = a.attrelid and not r.relispartition and r.relpersistence = 'p'
      where c.table_schema = 'callsheet' and t.table_type = 'BASE TABLE' and t.table_name <> 'migration'
      order by c.table_name, c.ordinal_position`,
    values: [],
  });
  return rows;
}

test("an export has every table of the schema, and each value comes back as it was", async () => {
  const [source, target] = [await openTestDatabase(), await openTestDatabase()];
  const columns = await columnsOf(source.db);
  const tables = [...new Set(columns.map(({ table }) => table))];
  expect(tables.length).toBeGreaterThan(20);
  for (const table of tables) {
    const own = columns.filter((column) => column.table === table);
    const names = own.map(({ column }) => `"${column}"`).join(", ");
    const text = `insert into callsheet."${table}" (${names}) overriding system value values (${own.map(valueFor).join(", ")})`;
    await source.db.query({ text, values: [] });
  }
  await imported(target.url, await exported(source.url));
  const [before, after] = [await contents(source.db), await contents(target.db)];
  expect(Object.keys(after)).toEqual(expect.arrayContaining(tables));
  expect(tables.filter((table) => before[table]!.length === 0)).toEqual([]);
  for (const table of tables) expect({ table, rows: after[table] }).toEqual({ table, rows: before[table] });
  // As they were written, and not as something that means the same.
  const { rows } = await target.db.query({ text: "select configuration::text as said from callsheet.job", values: [] });
  expect(rows).toEqual([{ said: `{"a": 9007199254740993,  "b": "\\n\\u2028é", "a": [1.0]}` }]);
  await Promise.all([source.close(), target.close()]);
});
