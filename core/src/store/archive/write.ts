import sql, { raw } from "sql-template-tag";
import type { Queryable } from "../database.ts";
import { quoted, type StoredTable } from "./read.ts";

/** Tables that have rows before anybody has used the schema. */
const BORN_FULL = ["setting"];
/** Numbers of transactions are those of one server: on another one they say nothing, or point into its future. */
const IS_TRANSACTION = /^(\w+_)?xid$/;
/** Tokens that the old server may have given after it was exported are never given again. */
const TOKEN_STRIDE = 1_000_000;

/** Takes all rows away. Waits for whoever uses the tables, and keeps everybody else out until the transaction ends. */
export async function emptyTables(tx: Queryable, tables: readonly StoredTable[]): Promise<void> {
  const names = tables.map(({ name }) => `callsheet.${quoted(name)}`).join(", ");
  await tx.query({ text: `truncate ${names} restart identity`, values: [], patience: "bulk" });
}

/** The first table in which somebody has left something; undefined: nobody has. */
export async function firstUsed(tx: Queryable, tables: readonly StoredTable[]): Promise<string | undefined> {
  const asked = tables.filter(({ name }) => !BORN_FULL.includes(name));
  const parts = asked.map(
    ({ name }, place) => `select ${place} as place where exists (select from callsheet.${quoted(name)})`,
  );
  const { rows } = await tx.query<{ place: number }>({ text: `${parts.join(" union all ")} limit 1`, values: [] });
  return rows[0] && asked[rows[0].place]!.name;
}

/** Takes the schema away with all that is in it. */
export async function dropSchema(tx: Queryable, schema: string): Promise<void> {
  await tx.query(sql`drop schema ${raw(quoted(schema))} cascade`);
}

/** Inserts rows as `readRows` gave them; what they say of transactions becomes this one. */
export async function insertRows(
  tx: Queryable,
  { name, columns }: StoredTable,
  lines: readonly string[],
): Promise<void> {
  const values = columns.map((column) =>
    IS_TRANSACTION.test(column) ? "pg_current_xact_id()::text::bigint" : `r.${quoted(column)}`,
  );
  await tx.query({
    text: `
      insert into callsheet.${quoted(name)} (${columns.map(quoted).join(", ")}) overriding system value
      select ${values.join(", ")} from json_populate_recordset(null::callsheet.${quoted(name)}, $1::json) r`,
    values: [`[${lines.join(",")}]`],
    patience: "bulk",
  });
}

/** For the rest of a transaction, members that are inserted are in the counts of their groups already. */
export async function countNoMembers(tx: Queryable): Promise<void> {
  await tx.query({ text: "select set_config('callsheet.member_changes', 'off', true)", values: [] });
}

/** Lets sequences go on behind the numbers that were given; none goes back. */
export async function advanceSequences(tx: Queryable, values: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, value] of Object.entries(values)) {
    const place = `callsheet.${quoted(name)}`;
    const stride = name === "token_number" ? TOKEN_STRIDE : 0;
    await tx.query({
      text: `select setval('${place.replaceAll("'", "''")}', greatest(last_value, $1::bigint + $2::bigint)) from ${place}`,
      values: [value, stride],
    });
  }
}

/** Declares the nodes of the old system dead: whoever works next recovers what they were running, as after any death. */
export async function buryNodes(tx: Queryable): Promise<number> {
  const { count } = await tx.query(sql`
    update callsheet.node set state = 'dead', ended_at = callsheet.now(), cause = 'it ran elsewhere when the database was exported'
    where state not in ('gone', 'dead')`);
  return count;
}

/** From here on this is the server whose history the schema follows: that it is another one than before is no loss. */
export async function rememberServer(tx: Queryable): Promise<void> {
  await tx.query(sql`delete from callsheet.setting where name = 'history'`);
  await tx.query(sql`select callsheet.follow_history()`);
}

/** Tells the planner what is there now. */
export async function analyseTables(tx: Queryable, tables: readonly StoredTable[]): Promise<void> {
  const names = tables.map(({ name }) => `callsheet.${quoted(name)}`).join(", ");
  await tx.query({ text: `analyze ${names}`, values: [], patience: "bulk" });
}
