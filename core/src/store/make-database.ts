import sql, { raw } from "sql-template-tag";
import type { Queryable } from "./database.ts";

/** Makes a database of this name unless there is one. Answers whether it made it. */
export async function makeDatabaseNamed(db: Queryable, name: string): Promise<boolean> {
  const { rows } = await db.query(sql`select from pg_database where datname = ${name}`);
  if (rows.length > 0) return false;
  await db.query(sql`create database ${raw(`"${name.replaceAll('"', '""')}"`)} encoding 'UTF8' template template0`);
  return true;
}
