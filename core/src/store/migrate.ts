import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { callsheetError } from "@callsheet/contract";
import sql, { raw } from "sql-template-tag";
import type { Database, Queryable } from "./database.ts";
import { type AppliedMigration, appliedMigrations, type ServerKind, serverKind, survey } from "./inspect.ts";
import { requireSessions } from "./pooler.ts";

export interface Migration {
  readonly number: number;
  readonly name: string;
  readonly text: string;
  readonly checksum: string;
  /**
   * The last migration of the oldest release that can go on beside it, as its text says: it adds, and takes nothing away that
   * such a release reads or writes. Undefined: releases that do not ship it cannot work with what it makes.
   */
  readonly compatibleFrom?: number | undefined;
}

/** What a migration says of itself. */
const COMPATIBLE = /^-- Compatible with releases from (\d{4}) on\.$/m;

let shipped: readonly Migration[] | undefined;

/** The migrations that this version ships, in order; read once. */
export function shippedMigrations(): readonly Migration[] {
  shipped ??= readMigrations();
  return shipped;
}

function readMigrations(): readonly Migration[] {
  const folder = fileURLToPath(new URL("./migrations/", import.meta.url));
  return readdirSync(folder)
    .filter((file) => /^\d{4}_\w+\.sql$/.test(file))
    .sort()
    .map((file) => {
      const text = readFileSync(folder + file, "utf8");
      return {
        number: Number(file.slice(0, 4)),
        name: file,
        text,
        compatibleFrom: compatibleFrom(text),
        checksum: createHash("sha256").update(text).digest("hex"),
      };
    });
}

/** The number of the migration from which on releases go together with the one of this text; undefined: none that does not ship it. */
export function compatibleFrom(text: string): number | undefined {
  const [, from] = COMPATIBLE.exec(text) ?? [];
  return from === undefined ? undefined : Number(from);
}

/**
 * Brings the schema up to date, once, however many processes try. Refuses one that was changed, or that is newer and not
 * compatible with this release. Returns what it applied.
 */
export async function migrate(db: Database, migrations = shippedMigrations()): Promise<readonly string[]> {
  const found = await survey(db);
  if (found) requireSupported(found);
  else await requireServer(db);
  await requireSessions(db);
  if (found && isUpToDate(found.applied, migrations)) return [];
  return db.transaction(async (tx) => {
    await migrateAlone(tx, db.schema);
    return migrateWithin(tx, db.schema, migrations);
  }, "migration");
}

/** Whether nothing is missing, which it usually is not: it is seen without waiting for anybody. */
function isUpToDate(applied: readonly AppliedMigration[], migrations: readonly Migration[]): boolean {
  refuseIncompatible(applied, migrations);
  return applied.length >= migrations.length;
}

/** Lets nobody else change the schema until the transaction ends: a second process waits here, then finds nothing to do. */
export async function migrateAlone(tx: Queryable, schema: string): Promise<void> {
  await tx.query(sql`select pg_advisory_xact_lock(hashtextextended(${`${schema}.migrate`}, 0))`);
}

/** The same as a part of a transaction that has the schema for itself. */
export async function migrateWithin(
  tx: Queryable,
  schema: string,
  migrations: readonly Migration[],
): Promise<readonly string[]> {
  // Asked first: PostgreSQL refuses a role that may create nothing even what is there already.
  const applied = (await appliedMigrations(tx)) ?? (await begin(tx, schema));
  refuseIncompatible(applied, migrations);
  const missing = migrations.slice(applied.length);
  for (const migration of missing) await apply(tx, migration);
  return missing.map((migration) => migration.name);
}

async function begin(tx: Queryable, schema: string): Promise<readonly []> {
  await tx.query(sql`create schema if not exists ${raw(schema)}`);
  await tx.query(
    sql`create table callsheet.migration (number int primary key, name text not null, checksum text not null, at timestamptz not null default pg_catalog.now())`,
  );
  return [];
}

async function apply(tx: Queryable, migration: Migration): Promise<void> {
  await tx.query({ text: migration.text, values: [] });
  const { number, name, checksum, compatibleFrom } = migration;
  await tx.query(
    sql`insert into callsheet.migration (number, name, checksum) values (${number}, ${name}, ${checksum})`,
  );
  if (compatibleFrom === undefined) return;
  await tx.query(sql`update callsheet.migration set compatible_from = ${compatibleFrom} where number = ${number}`);
}

/** What an import compares: a migration by its place and its text. */
type Told = Pick<AppliedMigration, "name" | "checksum">;

/** Fails with `schema_newer` or `schema_changed` unless what was applied is how the known ones begin. */
export function refuseStrangers(applied: readonly Told[], known: readonly Migration[]): void {
  refuseChanged(applied, known);
  const stranger = applied[known.length];
  if (stranger) throw newer(stranger);
}

/** The first migration that was applied, is not known, and does not go together with a release that knows only these. */
export function strangerIn(
  applied: readonly AppliedMigration[],
  known: readonly Migration[],
): AppliedMigration | undefined {
  const last = known.at(-1)?.number ?? 0;
  return applied.slice(known.length).find(({ compatibleFrom }) => compatibleFrom === null || compatibleFrom > last);
}

function refuseIncompatible(applied: readonly AppliedMigration[], known: readonly Migration[]): void {
  refuseChanged(applied, known);
  const stranger = strangerIn(applied, known);
  if (stranger) throw newer(stranger);
}

function refuseChanged(applied: readonly Told[], known: readonly Migration[]): void {
  const index = applied.findIndex(({ checksum }, at) => known[at] !== undefined && known[at].checksum !== checksum);
  if (index < 0) return;
  const { name } = applied[index]!;
  throw callsheetError("schema_changed", `Migration ${name} was applied with another text.`, { migration: name });
}

const newer = ({ name: migration }: Told) =>
  callsheetError("schema_newer", `The database holds migration ${migration}, which this version does not know.`, {
    migration,
  });

/** Fails with `database_unsupported` on a server that is too old, or does not store every character. */
export async function requireServer(db: Database): Promise<void> {
  requireSupported(await serverKind(db));
}

function requireSupported({ version, encoding }: ServerKind): void {
  if (version < 150_000) {
    throw callsheetError(
      "database_unsupported",
      `This is PostgreSQL ${Math.floor(version / 10_000)}; Callsheet needs 15 or newer.`,
      { version },
    );
  }
  if (encoding !== "UTF8") {
    throw callsheetError("database_unsupported", `The database is encoded in ${encoding}; Callsheet needs UTF8.`, {
      encoding,
    });
  }
}
