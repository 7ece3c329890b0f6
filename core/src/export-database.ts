import { createHash } from "node:crypto";
import type { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { callsheetError } from "@callsheet/contract";
import { systemEnvironment } from "./engine/environment.ts";
import { type DatabasePlace, withDatabase } from "./inspect-database.ts";
import { FORMAT, fileFailure, markLine } from "./operations/archive/format.ts";
import { beginSnapshot, countRows, readRows, readSequences, storedTables } from "./store/archive/read.ts";
import type { Database, Queryable } from "./store/database.ts";
import { type AppliedMigration, appliedMigrations, readServer } from "./store/inspect.ts";
import { processesUp } from "./store/nodes.ts";

/** What an export holds. */
export interface ExportFacts {
  /** The last migration of its schema. */
  readonly version: string;
  readonly jobs: number;
  readonly rows: number;
  /** Nodes that were up: what they have done since is not in it. */
  readonly nodesUp: readonly string[];
}

/**
 * Writes all that a database holds of Callsheet into a stream, as of one moment, with ids and history; `importDatabase` reads
 * it. Changes nothing, and needs little memory, whatever the size. Any schema that this version knows, or a newer one, can be
 * exported as it is. Fails with `database_lost`, `database_refused` or `file_failed`.
 */
export async function exportDatabase(place: DatabasePlace & { readonly to: Writable }): Promise<ExportFacts> {
  return withDatabase(place, systemEnvironment(), (db) =>
    db.transaction(async (tx) => {
      await beginSnapshot(tx);
      const head = await readHead(tx, db);
      await pipeline(archiveOf(tx, db.schema, head), createGzip(), place.to).catch((error: unknown) => {
        throw fileFailure(error);
      });
      const rows = Object.values(head.tables).reduce((sum, count) => sum + count, 0);
      const nodesUp = (await processesUp(tx)).map(({ name }) => name);
      return { version: head.migrations.at(-1)!.name, jobs: head.tables.job ?? 0, rows, nodesUp };
    }),
  );
}

async function readHead(tx: Queryable, { schema }: Database) {
  const migrations = await appliedMigrations(tx);
  if (!migrations?.length)
    throw callsheetError("database_refused", `There is no schema "${schema}" of Callsheet in this database.`);
  const { version, at } = await readServer(tx);
  const tables: Record<string, number> = {};
  for (const { name } of await storedTables(tx, schema)) tables[name] = await countRows(tx, name);
  return { format: FORMAT, at: at.toISOString(), server: version, migrations: migrations.map(headOf), tables };
}

const headOf = ({ number, name, checksum }: AppliedMigration) => ({ number, name, checksum });

async function* archiveOf(
  tx: Queryable,
  schema: string,
  head: Awaited<ReturnType<typeof readHead>>,
): AsyncGenerator<string> {
  const hash = createHash("sha256");
  const told = (lines: readonly string[]) => {
    const text = lines.map((line) => `${line}\n`).join("");
    hash.update(text);
    return text;
  };
  yield told([markLine(["callsheet", head])]);
  for (const table of Object.keys(head.tables)) {
    yield told([markLine(["table", table])]);
    for await (const lines of readRows(tx, table)) yield told(lines);
  }
  // Read last: they are not of the snapshot, and stand behind all that it holds.
  yield told([markLine(["sequences", await readSequences(tx, schema)])]);
  yield `${markLine(["end", { sha256: hash.digest("hex") }])}\n`;
}
