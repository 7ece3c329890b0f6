import sql, { raw } from "sql-template-tag";
import type { Queryable } from "../../store/database.ts";
import { isForbidden } from "../../store/failure.ts";

// Names of databases are made of lower-case letters, digits and underscores, by this folder only: they are put in as they are.

/** Held until the connection ends: templates are made, and what was left behind is removed, by one process at a time. */
export async function lockDatabases(admin: Queryable): Promise<void> {
  await admin.query(sql`select pg_advisory_lock(hashtextextended('callsheet.testing', 0))`);
}

export async function unlockDatabases(admin: Queryable): Promise<void> {
  await admin.query(sql`select pg_advisory_unlock(hashtextextended('callsheet.testing', 0))`);
}

/** The databases whose names begin so. */
export async function databasesNamed(admin: Queryable, prefix: string): Promise<readonly string[]> {
  const { rows } = await admin.query<{ name: string }>(sql`
    select datname as name from pg_database where starts_with(datname, ${prefix}) order by datname`);
  return rows.map(({ name }) => name);
}

/** Clones a template. Copying its many small files takes a fifth of logging their pages, unless each is waited for. */
export async function createDatabase(admin: Queryable, name: string, template: string): Promise<void> {
  const { rows } = await admin.query<{ waits: boolean }>(sql`select current_setting('fsync')::bool as waits`);
  const strategy = rows[0]!.waits ? "wal_log" : "file_copy";
  await admin.query(sql`create database ${raw(name)} template ${raw(template)} strategy ${raw(strategy)}`);
}

export async function renameDatabase(admin: Queryable, name: string, newName: string): Promise<void> {
  await admin.query(sql`alter database ${raw(name)} rename to ${raw(newName)}`);
}

/** Drops a database with all connections to it. */
export async function dropDatabase(admin: Queryable, name: string): Promise<void> {
  try {
    await admin.query(sql`drop database if exists ${raw(name)} with (force)`);
  } catch (error) {
    // An autovacuum worker is not ours to end by force; without force the server ends it itself.
    if (!isForbidden(error)) throw error;
    await admin.query(sql`drop database if exists ${raw(name)}`);
  }
}

/** Who is connected to a database: the names of the applications and what they last ran. */
export async function connectionsTo(admin: Queryable, name: string) {
  const { rows } = await admin.query<{ pid: number; application: string; state: string | null; query: string }>(sql`
    select pid, application_name as application, state, left(query, 200) as query
    from pg_stat_activity where datname = ${name} and backend_type = 'client backend' order by pid`);
  return rows;
}

/** Lets the ordinary role of a server for tests make databases, and roles with fewer rights than its own. */
export async function allowDatabases(superuser: Queryable, role: string): Promise<void> {
  await superuser.query(sql`alter role ${raw(role)} createdb createrole`);
}
