import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { callsheetError } from "@callsheet/contract";
import { type Environment, systemEnvironment } from "./engine/environment.ts";
import { type DatabasePlace, withDatabase } from "./inspect-database.ts";
import {
  FORMAT,
  type Head,
  isMark,
  type Mark,
  readingFailure,
  readMark,
  unreadable,
} from "./operations/archive/format.ts";
import { linesOf } from "./operations/archive/lines.ts";
import { type StoredTable, sitStill, storedTables } from "./store/archive/read.ts";
import {
  advanceSequences,
  analyseTables,
  buryNodes,
  countNoMembers,
  dropSchema,
  emptyTables,
  firstUsed,
  insertRows,
  rememberServer,
} from "./store/archive/write.ts";
import type { Database, Queryable } from "./store/database.ts";
import { appliedMigrations } from "./store/inspect.ts";
import {
  type Migration,
  migrateAlone,
  migrateWithin,
  refuseStrangers,
  requireServer,
  shippedMigrations,
} from "./store/migrate.ts";
import { processesUp } from "./store/nodes.ts";

/** What was imported. */
export interface ImportFacts {
  /** When it was exported. */
  readonly exportedAt: Date;
  /** The last migration of the export, and those that were applied to what it holds. */
  readonly version: string;
  readonly applied: readonly string[];
  readonly jobs: number;
  readonly rows: number;
  /** Nodes of the old system: what they were running is recovered, as after their deaths, once a node works here. */
  readonly nodesLost: number;
}

export interface ImportOptions extends DatabasePlace {
  readonly from: Readable;
  /** Delete what is there. Default: a database in which somebody has left something is refused. */
  readonly replace?: boolean;
}

const BATCH_BYTES = 4 * 1024 * 1024;
const BATCH_ROWS = 2_000;

/**
 * Brings what `exportDatabase` wrote into a database, on whatever server, all of it or nothing, and its schema up to date.
 * Ids and history stay; tokens go on far behind the old ones; attempts that were under way count as lost with their nodes.
 * Fails with `export_unreadable`, `schema_newer`, `database_not_empty`, `nodes_running`, `file_failed`,
 * `database_lost` or `database_refused`.
 */
export async function importDatabase(options: ImportOptions): Promise<ImportFacts> {
  const environment = systemEnvironment();
  return withDatabase(options, environment, async (db) => {
    await requireServer(db);
    try {
      return await db.transaction((tx) => importWithin(tx, db, options, environment), "migration");
    } catch (error) {
      throw readingFailure(error);
    }
  });
}

async function importWithin(
  tx: Queryable,
  db: Database,
  options: ImportOptions,
  environment: Environment,
): Promise<ImportFacts> {
  const shipped = shippedMigrations();
  const parts = archiveIn(options.from);
  const { value: first } = await parts.next();
  if (first?.[0] !== "callsheet") throw unreadable("it does not begin as one");
  const head = first[1];
  if (head.format > FORMAT)
    throw callsheetError("schema_newer", `The export is of format ${head.format}; this version reads ${FORMAT}.`);
  refuseStrangers(head.migrations, shipped);
  await sitStill(tx);
  await migrateAlone(tx, db.schema);
  await makeRoom(tx, db.schema, shipped.slice(0, head.migrations.length), { ...options, environment });
  const rows = await load(tx, db.schema, head, parts);
  const nodesLost = await buryNodes(tx);
  const applied = await migrateWithin(tx, db.schema, shipped);
  await rememberServer(tx);
  await analyseTables(tx, await storedTables(tx, db.schema));
  const version = head.migrations.at(-1)!.name;
  return { exportedAt: new Date(head.at), version, applied, jobs: head.tables.job ?? 0, rows, nodesLost };
}

/** Makes the schema as it was where the export was made, without rows. */
async function makeRoom(
  tx: Queryable,
  schema: string,
  migrations: readonly Migration[],
  { replace = false, environment }: Pick<ImportOptions, "replace"> & { readonly environment: Environment },
): Promise<void> {
  const applied = await appliedMigrations(tx);
  if (applied) {
    const tables = await storedTables(tx, schema);
    const used = await firstUsed(tx, tables);
    const isOther = applied.length !== migrations.length;
    if (!replace && used !== undefined) throw notEmpty(`its table "${used}" has rows`);
    if (!replace && isOther) throw notEmpty("its schema is of another version than the export's");
    await refuseNodes(tx, environment);
    if (isOther) await dropSchema(tx, schema);
  }
  await migrateWithin(tx, schema, migrations);
}

const notEmpty = (why: string) => callsheetError("database_not_empty", `The database is in use: ${why}.`);

async function refuseNodes(tx: Queryable, { processes }: Environment): Promise<void> {
  const up = (await processesUp(tx)).filter((node) => processes.isAlive(node) !== false).map(({ name }) => name);
  if (up.length > 0)
    throw callsheetError("nodes_running", `Nodes work on the database: ${up.join(", ")}.`, { nodes: up });
}

/** What an archive consists of, in its order. */
type Part = Mark | readonly ["rows", readonly string[]];

/** Reads an archive, and compares its end with what was read. */
async function* archiveIn(from: Readable): AsyncGenerator<Part> {
  const bytes = from.pipe(createGunzip());
  from.on("error", (error) => bytes.destroy(error));
  const hash = createHash("sha256");
  let rows: string[] = [];
  let size = 0;
  for await (const line of linesOf(bytes)) {
    const text = line.toString();
    const isRow = !isMark(text);
    if (rows.length > 0 && (!isRow || size + line.length > BATCH_BYTES || rows.length === BATCH_ROWS)) {
      yield ["rows", rows];
      [rows, size] = [[], 0];
    }
    if (isRow) {
      rows.push(text);
      size += line.length;
    } else {
      const mark = readMark(text);
      if (mark[0] === "end" && mark[1].sha256 !== hash.copy().digest("hex"))
        throw unreadable("its checksum does not fit");
      yield mark;
    }
    hash.update(line).update("\n");
  }
}

/** Stores rows table by table, until the end has been seen and every count is right. */
async function load(tx: Queryable, schema: string, head: Head, parts: AsyncGenerator<Part>): Promise<number> {
  const tables = new Map((await storedTables(tx, schema)).map((table) => [table.name, table]));
  const counts = new Map<string, number>();
  let current: StoredTable | undefined;
  let isOver = false;
  // What stood there goes now. What migrations leave in tables is in the export, too.
  await emptyTables(tx, [...tables.values()]);
  await countNoMembers(tx);
  for await (const [kind, body] of parts) {
    if (isOver) throw unreadable("something follows its end");
    if (kind === "table") {
      current = tables.get(body);
      if (current === undefined) throw unreadable(`its schema has no table "${body}"`);
    } else if (kind === "rows") {
      if (current === undefined) throw unreadable("it has rows of no table");
      await insertRows(tx, current, body);
      counts.set(current.name, (counts.get(current.name) ?? 0) + body.length);
    } else if (kind === "sequences") await advanceSequences(tx, body);
    isOver = kind === "end";
  }
  if (!isOver) throw unreadable("it does not end");
  for (const [table, count] of Object.entries(head.tables)) {
    const read = counts.get(table) ?? 0;
    if (read !== count) throw unreadable(`it has ${read} rows of "${table}", and says ${count}`);
  }
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}
