import { callsheetError } from "@callsheet/contract";
import pg from "pg";
import { raw, type Sql } from "sql-template-tag";
import { connectionFailure, isConnectionLoss } from "./failure.ts";

/** One statement: its text and bound values, and a name when it is to be prepared once per connection. */
export interface Statement {
  readonly name?: string;
  readonly text: string;
  readonly values: readonly unknown[];
}

export interface Rows<Row> {
  readonly rows: readonly Row[];
  readonly count: number;
}

/** Anything that runs a statement: the pool, a transaction, a connection of the caller's own. */
export interface Queryable {
  query<Row extends object>(statement: Statement | Sql): Promise<Rows<Row>>;
}

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
  /** Told of connections that broke while idle. */
  readonly onError: (error: Error) => void;
}

/** A connection of its own, on which statements are sent without waiting for the answers of those before. */
export interface Line extends Queryable {
  /** Sends all statements as one transaction in one round trip; the answers in their order. */
  pipeline(statements: readonly Statement[]): Promise<readonly Rows<Record<string, unknown>>[]>;
  close(): Promise<void>;
}

/** The pool, hot lines and listeners of one Callsheet. Statements name tables as `callsheet.…`; another schema's name is put in their place. */
export interface Database extends Queryable {
  readonly schema: string;
  transaction<T>(work: (tx: Queryable) => Promise<T>): Promise<T>;
  line(name: string): Promise<Line>;
  listen(
    channel: string,
    onMessage: (payload: string) => void,
    onLoss: () => void,
  ): Promise<{ close(): Promise<void> }>;
  /** Wraps a caller's transaction. */
  within(tx: CallerTransaction): Queryable;
  close(): Promise<void>;
}

const HOT_SETTINGS = ["jit=off", "plan_cache_mode=force_generic_plan", "enable_seqscan=off", "enable_bitmapscan=off"];
/**
 * For the rest of a transaction, what an index holds in order is read in that order up to the limit. The planner's idea of
 * `work` is often old: by it, collecting and sorting all that is due looks cheap.
 */
export const WALK_INDEXES = raw(
  "set_config('enable_bitmapscan', 'off', true), set_config('enable_sort', 'off', true), set_config('enable_seqscan', 'off', true)",
);
const BEGIN: Statement = { text: "begin", values: [] };
const COMMIT: Statement = { text: "commit", values: [] };

export function openDatabase(options: DatabaseOptions): Database {
  const { schema } = options;
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(schema)) {
    throw callsheetError(
      "invalid_argument",
      `"${schema}" is not a schema name: lower-case letters, digits and underscores.`,
      { field: "schema" },
    );
  }
  const place = placeIn(schema);
  const config = {
    keepAlive: true,
    connectionTimeoutMillis: 15_000,
    application_name: "callsheet",
    ...options.connection,
  };
  const pool = new pg.Pool({ Client, ...config, max: options.poolSize, min: 1, options: "-c jit=off" });
  pool.on("error", options.onError);
  const lines = new Set<{ close(): Promise<void> }>();

  const own = <T extends { close(): Promise<void> }>(thing: T): T => {
    lines.add(thing);
    return thing;
  };
  return {
    schema,
    query: (statement) => run(pool, place, statement),
    within: (tx) => ({ query: (statement) => run(tx, place, statement) }),
    transaction: (work) => transaction(pool, place, work),
    line: async (name) => own(await openLine(config, place, name, options.onError)),
    listen: async (channel, onMessage, onLoss) => own(await openListener(config, channel, onMessage, onLoss)),
    close: async () => {
      await Promise.allSettled([...lines].map((line) => line.close()));
      await pool.end();
    },
  };
}

/**
 * A client that never ends the process, and leaves no socket behind when it cannot connect: the server would wait a minute
 * for its next word.
 */
export class Client extends pg.Client {
  constructor(config?: pg.ClientConfig) {
    super(config);
    // Between two owners nobody else listens, and an error that nobody hears is thrown to the process.
    this.on("error", () => {});
  }

  override connect(): Promise<pg.Client>;
  override connect(callback: (error: Error | null) => void): void;
  override connect(callback?: (error: Error | null) => void): unknown {
    const connected = super.connect().catch((error: unknown) => {
      (this as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
      throw error;
    });
    return callback === undefined ? connected : connected.then(() => callback(null), callback);
  }
}

/** Puts the schema's name in place of `callsheet.`; texts are few and constant, so each is rewritten once. */
export function placeIn(schema: string): (text: string) => string {
  if (schema === "callsheet") return (text) => text;
  const known = new Map<string, string>();
  return (text) => {
    let placed = known.get(text);
    if (placed === undefined) {
      placed = text.replaceAll("callsheet.", `${schema}.`);
      known.set(text, placed);
    }
    return placed;
  };
}

type Answer = { rows: object[]; rowCount: number | null; command: string };
export type Runner = { query(config: never, values?: never): Promise<unknown> };

/** Sends one statement, its tables placed in the schema. */
export async function run<Row extends object>(
  runner: Runner,
  place: (text: string) => string,
  statement: Statement | Sql,
): Promise<Rows<Row>> {
  const { text, values } = statement as Statement;
  const name = (statement as Statement).name;
  const query = runner.query as (config: unknown, values?: unknown) => Promise<Answer>;
  try {
    const answer =
      name === undefined
        ? await query.call(runner, place(text), [...values])
        : await query.call(runner, { name, text: place(text), values: [...values] });
    return { rows: answer.rows as Row[], count: answer.rowCount ?? 0 };
  } catch (error) {
    throw connectionFailure(error);
  }
}

async function transaction<T>(
  pool: pg.Pool,
  place: (text: string) => string,
  work: (tx: Queryable) => Promise<T>,
): Promise<T> {
  const client = await pool.connect().catch((error: unknown) => {
    throw connectionFailure(error);
  });
  // An error while a client is checked out would otherwise end the process.
  const ignore = () => {};
  client.on("error", ignore);
  let broken = false;
  const tx: Queryable = { query: (statement) => run(client as unknown as Runner, place, statement) };
  try {
    await tx.query(BEGIN);
    const result = await work(tx);
    await tx.query(COMMIT);
    return result;
  } catch (error) {
    broken =
      isConnectionLoss(error) ||
      (await tx.query({ text: "rollback", values: [] }).then(
        () => false,
        () => true,
      ));
    throw error;
  } finally {
    client.off("error", ignore);
    client.release(broken);
  }
}

async function openLine(
  config: pg.ClientConfig,
  place: (text: string) => string,
  name: string,
  onError: (error: Error) => void,
): Promise<Line> {
  const client = new Client({
    ...config,
    pipeline: true,
    application_name: `callsheet ${name}`,
    options: HOT_SETTINGS.map((setting) => `-c ${setting}`).join(" "),
  } as pg.ClientConfig);
  client.on("error", onError);
  await client.connect().catch((error: unknown) => {
    throw connectionFailure(error);
  });
  const send = (statement: Statement) =>
    client.query({
      ...(statement.name === undefined ? {} : { name: statement.name }),
      text: place(statement.text),
      values: [...statement.values],
    });
  return {
    query: (statement) => run(client as unknown as Runner, place, statement),
    pipeline: async (statements) => {
      const answers = await Promise.allSettled([BEGIN, ...statements, COMMIT].map(send));
      const failed = answers.find((answer) => answer.status === "rejected");
      if (failed) throw connectionFailure(failed.reason);
      const done = answers.map((answer) => (answer as PromiseFulfilledResult<pg.QueryResult>).value);
      // After an error inside a pipelined transaction COMMIT answers ROLLBACK without an error of its own.
      if (done.at(-1)?.command !== "COMMIT")
        throw callsheetError("database_lost", "The transaction was rolled back by the server.");
      return done.slice(1, -1).map((answer) => ({ rows: answer.rows, count: answer.rowCount ?? 0 }));
    },
    close: () => client.end(),
  };
}

async function openListener(
  config: pg.ClientConfig,
  channel: string,
  onMessage: (payload: string) => void,
  onLoss: () => void,
) {
  const client = new Client({ ...config, application_name: "callsheet listen" });
  // Who could not begin to listen is told so; only who listened can lose it.
  let isListening = false;
  const lost = () => {
    if (isListening) onLoss();
    isListening = false;
  };
  client.on("error", lost);
  client.on("end", lost);
  client.on("notification", (message) => onMessage(message.payload ?? ""));
  try {
    await client.connect();
    await client.query(`listen ${pg.escapeIdentifier(channel)}`);
    isListening = true;
  } catch (error) {
    await client.end().catch(() => {});
    throw connectionFailure(error);
  }
  return {
    close: async () => {
      isListening = false;
      await client.end();
    },
  };
}
