import { callsheetError } from "@callsheet/contract/errors";
import { raw, type Sql } from "sql-template-tag";
import type { Hearing, Line, Transaction } from "./connection.ts";
import { Ahead } from "./driver/ahead.ts";
import type { Client, ClientConfig } from "./driver/client.ts";
import { openLine } from "./driver/line.ts";
import { openListener } from "./driver/listener.ts";
import { openPool } from "./driver/pool.ts";
import { placeIn } from "./driver/run.ts";
import type { Clock } from "./driver/watch.ts";
import { serverFailure } from "./failure.ts";
import { PATIENCE, type Patience } from "./patience.ts";
import type { Queryable, Rows, Statement } from "./statement.ts";

export type { Line, LineTransaction } from "./connection.ts";
export type { Queryable, Statement } from "./statement.ts";

/** What a caller may pass so that rows are written in its own transaction: pg, and whatever wraps it. */
export interface CallerTransaction {
  query(text: string, values?: unknown[]): Promise<unknown>;
}

/** Where the server is: a URL, or its parts. */
export interface Connection {
  readonly connectionString?: string;
  readonly host?: string;
  readonly port?: number;
  readonly user?: string;
  readonly password?: string;
  readonly database?: string;
  readonly application_name?: string;
}

export interface DatabaseOptions {
  readonly connection: Connection;
  /** The schema of all tables. Default `callsheet`. */
  readonly schema: string;
  /** Connections for everything but the hot path. Default 10. */
  readonly poolSize: number;
  readonly clock: Clock;
  /** How long the server may stay silent. Default `PATIENCE`. */
  readonly patience?: Partial<Patience> | undefined;
  /** Called when the server cannot be reached; the connection is tried once more when it is done. Default: none. */
  readonly revive?: (() => Promise<void>) | undefined;
  /** Told of connections that broke while idle. */
  readonly onError: (error: Error) => void;
}

/** Where a database is, as plain values: enough to open it again in another thread. */
export interface DatabaseAddress {
  readonly connection: Connection;
  readonly schema: string;
  readonly patience: Partial<Patience>;
}

/** The pool, hot lines and listeners of one Callsheet. Statements name tables as `callsheet.…`; another schema's name is put in their place. */
export interface Database extends Queryable {
  readonly schema: string;
  readonly address: DatabaseAddress;
  /** A pooler stands between us and the server, as far as connections were made. */
  readonly isPooled: boolean;
  readonly clock: Clock;
  /** `patience`: of its statements that name none. Default `usual`. */
  transaction<T>(work: (tx: Transaction) => Promise<T>, patience?: keyof Patience): Promise<T>;
  line(name: string): Promise<Line>;
  listen(hearing: Hearing): Promise<{ close(): Promise<void> }>;
  /** Connects already for so many of the lines that are opened next. */
  connectAhead(count: number): void;
  /** Wraps a caller's transaction. */
  within(tx: CallerTransaction): Queryable;
  close(): Promise<void>;
}

/** A plan that was pinned while tables were small must stay good when they have grown: rows are found by key, never by a walk over all. */
const HOT_SETTINGS = {
  plan_cache_mode: "force_generic_plan",
  enable_seqscan: "off",
  enable_bitmapscan: "off",
  enable_hashjoin: "off",
  enable_mergejoin: "off",
};
/**
 * For the rest of a transaction, what an index holds in order is read in that order up to the limit. The planner's idea of
 * `work` is often old: by it, collecting and sorting all that is due looks cheap.
 */
export const WALK_INDEXES = raw(
  "set_config('enable_bitmapscan', 'off', true), set_config('enable_sort', 'off', true), set_config('enable_seqscan', 'off', true)",
);

export function openDatabase(options: DatabaseOptions): Database {
  const { schema, clock, onError } = options;
  requireName(schema);
  requireUrl(options.connection.connectionString);
  const patience = { ...PATIENCE, ...options.patience };
  const place = placeIn(schema);
  const usual = { place, patience, usual: "usual" } as const;
  const hot = { place, patience, usual: "hot" } as const;
  const own = new Set<Client>();
  let isPooled = false;
  const config: ClientConfig = {
    ...{ clock, patience, settings: {}, application_name: "callsheet" },
    ...{ keepAlive: true, keepAliveInitialDelayMillis: 30_000, connectionTimeoutMillis: patience.connect },
    ...options.connection,
    revive: options.revive,
    onOpen: (client) => {
      isPooled ||= client.isPooled;
    },
  };
  const ahead = new Ahead(config);
  /** Of connections beside the pool: they are closed with the rest, unless they have ended before. */
  const owned = (application: string, settings: ClientConfig["settings"] = {}): ClientConfig => ({
    ...config,
    settings,
    application_name: application,
    onOpen: (client) => {
      own.add(client);
      client.once("end", () => own.delete(client));
    },
  });
  const pool = openPool(config, options.poolSize, usual, onError);
  return {
    schema,
    clock,
    address: { connection: options.connection, schema, patience: options.patience ?? {} },
    get isPooled() {
      return isPooled;
    },
    query: (statement) => pool.query(statement),
    within: (tx) => ({ query: (statement) => runWithin(tx, place, statement) }),
    transaction: (work, kind = "usual") => pool.transaction(work, { ...usual, usual: kind }),
    line: (name) => openLine(ahead, owned(`callsheet ${name}`, HOT_SETTINGS), hot, onError),
    listen: (hearing) => openListener(owned("callsheet listen"), hearing),
    connectAhead: (count) => ahead.connect(count),
    close: async () => {
      await Promise.allSettled([ahead.close(), ...[...own].map((client) => client.end())]);
      await pool.close();
    },
  };
}

/** What is none would be taken for the name of a database on this machine. It may hold a password, and is not repeated. */
function requireUrl(url: string | undefined): void {
  if (url === undefined || /^(postgres|postgresql|socket):|^\//.test(url)) return;
  const kind = /^\w+\s*=/.test(url) ? "a list such as host=… user=…" : "something else";
  throw callsheetError(
    "database_refused",
    `The address of the database is no URL but ${kind}: it begins with postgresql://, as in postgresql://user@host:5432/database.`,
  );
}

function requireName(schema: string): void {
  if (/^[a-z_][a-z0-9_]{0,62}$/.test(schema)) return;
  throw callsheetError(
    "invalid_argument",
    `"${schema}" is not a schema name: lower-case letters, digits and underscores.`,
    { field: "schema" },
  );
}

/** A caller's transaction is the caller's: how long it waits, and what becomes of its connection. */
async function runWithin<Row extends object>(
  tx: CallerTransaction,
  place: (text: string) => string,
  { text, values }: Statement | Sql,
): Promise<Rows<Row>> {
  try {
    const answer = (await tx.query(place(text), [...values])) as { rows: Row[]; rowCount: number | null };
    return { rows: answer.rows, count: answer.rowCount ?? 0 };
  } catch (error) {
    throw serverFailure(error);
  }
}
