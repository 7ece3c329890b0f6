import sql, { raw } from "sql-template-tag";
import type { Queryable } from "./database.ts";
import { isMissing } from "./failure.ts";

/** What a PostgreSQL says of itself. */
export interface ServerFacts {
  /** Such as "15.14". */
  readonly version: string;
  /** Such as 150014. */
  readonly versionNumber: number;
  readonly encoding: string;
  readonly database: string;
  readonly user: string;
  /** Whether the user may make a schema in this database. */
  readonly mayCreate: boolean;
  readonly bytes: number;
  /** The server's clock when it answered. */
  readonly at: Date;
  /** A standby takes no writes. */
  readonly isStandby: boolean;
  readonly fsync: boolean;
  readonly fullPageWrites: boolean;
  readonly synchronousCommit: string;
  readonly connections: number;
  readonly maxConnections: number;
  /** How full the server's queue of notifications is, from 0 to 1: who listens and stays in a transaction lets it grow. */
  readonly notificationsFull: number;
}

/** A session of the server that keeps a transaction open. */
export interface OpenTransaction {
  readonly pid: number;
  readonly user: string;
  readonly application: string;
  /** "active", or "idle in transaction" while its client does something else. */
  readonly state: string;
  readonly ms: number;
}

export async function readServer(db: Queryable): Promise<ServerFacts> {
  const { rows } = await db.query<Omit<ServerFacts, "bytes"> & { bytes: string }>(sql`
    select split_part(current_setting('server_version'), ' ', 1) as version
         , current_setting('server_version_num')::int as "versionNumber"
         , current_setting('server_encoding') as encoding
         , current_database() as database
         , current_user::text as "user"
         , has_database_privilege(current_database(), 'create') as "mayCreate"
         , pg_database_size(current_database())::text as bytes
         , clock_timestamp() as at
         , pg_is_in_recovery() as "isStandby"
         , current_setting('fsync')::bool as fsync
         , current_setting('full_page_writes')::bool as "fullPageWrites"
         , current_setting('synchronous_commit') as "synchronousCommit"
         , (select count(*)::int from pg_stat_activity where backend_type = 'client backend') as connections
         , pg_notification_queue_usage() as "notificationsFull"
         , current_setting('max_connections')::int as "maxConnections"`);
  const row = rows[0]!;
  return { ...row, bytes: Number(row.bytes) };
}

/** Sessions with a transaction that began longer ago than this, oldest first; of other users only if the role may see them. */
export async function openTransactions(db: Queryable, olderThanMs: number): Promise<readonly OpenTransaction[]> {
  const { rows } = await db.query<OpenTransaction>(sql`
    select pid, usename::text as "user", application_name as application, state
         , floor(extract(epoch from clock_timestamp() - xact_start) * 1000)::float8 as ms
    from pg_stat_activity
    where backend_type = 'client backend'
      and pid <> pg_backend_pid()
      and xact_start < clock_timestamp() - make_interval(secs => ${olderThanMs / 1_000})
    order by xact_start limit 5`);
  return rows;
}

/** A migration as a database tells of it. */
export interface AppliedMigration {
  readonly number: number;
  readonly name: string;
  readonly checksum: string;
  /** The last migration of the oldest release that can work with what this one made; null: of the release that ships it. */
  readonly compatibleFrom: number | null;
}

// Whatever the version of the schema: the column came later.
const MIGRATION = raw(`number, name, checksum, (to_jsonb(m) ->> 'compatible_from')::int as "compatibleFrom"`);

/** The migrations that were applied, in order; undefined where there is no schema of ours. */
export async function appliedMigrations(db: Queryable): Promise<readonly AppliedMigration[] | undefined> {
  // Reading any table makes the server hear what others have created: alone, the name could be one that it knows not to be there.
  const { rows: found } = await db.query<{ isThere: boolean }>(
    sql`select to_regclass('callsheet.migration') is not null as "isThere" from (select from pg_catalog.pg_class limit 1) heard`,
  );
  if (!found[0]!.isThere) return undefined;
  const { rows } = await db.query<AppliedMigration>(
    sql`select ${MIGRATION} from callsheet.migration m order by number`,
  );
  return rows;
}

/** What says whether a server can be used. */
export interface ServerKind {
  readonly version: number;
  readonly encoding: string;
}

const KIND = raw(
  "current_setting('server_version_num')::int as version, current_setting('server_encoding') as encoding",
);

export async function serverKind(db: Queryable): Promise<ServerKind> {
  const { rows } = await db.query<ServerKind>(sql`select ${KIND}`);
  return rows[0]!;
}

/** The server and the migrations that were applied, in one statement; undefined where there is no schema of ours. */
export async function survey(
  db: Queryable,
): Promise<(ServerKind & { readonly applied: readonly AppliedMigration[] }) | undefined> {
  try {
    const { rows } = await db.query<ServerKind & AppliedMigration>(
      sql`select ${KIND}, ${MIGRATION} from callsheet.migration m order by number`,
    );
    return rows[0] && { ...rows[0], applied: rows };
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
