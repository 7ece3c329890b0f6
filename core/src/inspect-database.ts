import { type Environment, systemEnvironment } from "./engine/environment.ts";
import { type Database, openDatabase } from "./store/database.ts";
import { openingFailure } from "./store/failure.ts";
import {
  appliedMigrations,
  type OpenTransaction,
  openTransactions,
  readServer,
  type ServerFacts,
} from "./store/inspect.ts";
import { makeDatabaseNamed } from "./store/make-database.ts";
import { migrate, shippedMigrations, strangerIn } from "./store/migrate.ts";
import { type NodeRow, standingNodes } from "./store/nodes.ts";

/** Which database, and which schema in it. */
export interface DatabasePlace {
  readonly databaseUrl: string;
  /** Default `callsheet`. */
  readonly schema?: string;
}

/** A node that has not ended. */
export interface StandingNode {
  readonly name: string;
  readonly site: string;
  readonly slots: number;
  readonly host: string;
  readonly pid: number;
  readonly timeZones: string | null;
  readonly state: "up" | "draining";
  readonly startedAt: Date;
  /** Whether its process lives; undefined on another machine. */
  readonly isAlive: boolean | undefined;
  /** Milliseconds until its next heartbeat was seen; null: none came while it was watched. */
  readonly heardAfterMs: number | null;
}

/** What can be seen of a database without changing anything. */
export interface DatabaseFacts extends ServerFacts {
  /** How long one question and its answer took. */
  readonly roundTripMs: number;
  /** This machine's clock less the server's, in milliseconds. */
  readonly skewMs: number;
  /** Something between this process and the server hands out the server's connections. */
  readonly hasPooler: boolean;
  readonly schema: {
    /** "newer": made by a later version of Callsheet that this one cannot work beside; "changed": an applied migration has another text here. */
    readonly state: "absent" | "current" | "behind" | "newer" | "changed";
    /** The last migration that was applied; null where there is none. */
    readonly version: string | null;
    readonly pending: readonly string[];
  };
  /** Transactions open for more than a minute, oldest first, five at most. */
  readonly longTransactions: readonly OpenTransaction[];
  readonly nodes: readonly StandingNode[];
}

const LONG_MS = 60_000;
const LOOK_MS = 200;

/**
 * Looks at a database: server, schema, nodes. Changes nothing. Nodes are watched for a heartbeat for up to `watchMs`
 * (default 0: not at all). Fails with `database_lost` or `database_refused`.
 */
export async function inspectDatabase(
  place: DatabasePlace & { readonly watchMs?: number; readonly environment?: Environment },
): Promise<DatabaseFacts> {
  const { watchMs = 0, environment = systemEnvironment() } = place;
  return withDatabase(place, environment, (db) => inspect(db, watchMs, environment));
}

/** Brings the schema of a database up to date; answers the names of the migrations that this applied. */
export async function migrateDatabase(place: DatabasePlace): Promise<readonly string[]> {
  return withDatabase(place, systemEnvironment(), migrate);
}

/**
 * Makes the database that a URL names unless it is there, by way of the server's database `postgres`. Answers whether it made
 * it. Fails with `database_lost` or `database_refused`, as when the user may not make databases.
 */
export async function makeDatabase(databaseUrl: string): Promise<boolean> {
  const [, start, path, rest] = /^(\w+:\/\/[^/?]*)\/?([^?]*)(.*)$/.exec(databaseUrl) ?? [];
  const name = decodeURIComponent(path ?? "");
  const place = { databaseUrl: `${start}/postgres${rest}` };
  return withDatabase(place, systemEnvironment(), (db) => makeDatabaseNamed(db, name));
}

/** Opens a database with a single connection for one piece of work. */
export async function withDatabase<T>(
  { databaseUrl, schema = "callsheet" }: DatabasePlace,
  clock: Environment,
  work: (db: Database) => Promise<T>,
): Promise<T> {
  const connection = { connectionString: databaseUrl };
  const db = openDatabase({ connection, schema, poolSize: 1, clock, onError: () => {} });
  try {
    return await work(db);
  } catch (error) {
    throw openingFailure(error);
  } finally {
    await db.close();
  }
}

async function inspect(db: Database, watchMs: number, environment: Environment): Promise<DatabaseFacts> {
  // The first question also loads what the server needs to answer; the second one tells how far away it is.
  await readServer(db);
  const [begin, from] = [environment.now(), environment.monotonic()];
  const server = await readServer(db);
  const roundTripMs = environment.monotonic() - from;
  const schema = compareMigrations(await appliedMigrations(db));
  return {
    ...server,
    roundTripMs,
    skewMs: Math.round(begin + roundTripMs / 2 - server.at.getTime()),
    hasPooler: db.isPooled,
    schema,
    longTransactions: await openTransactions(db, LONG_MS),
    nodes: schema.state === "current" ? await watchNodes(db, watchMs, environment) : [],
  };
}

function compareMigrations(applied: Awaited<ReturnType<typeof appliedMigrations>>): DatabaseFacts["schema"] {
  const shipped = shippedMigrations();
  const pending = shipped.slice(applied?.length ?? 0).map(({ name }) => name);
  const version = applied?.at(-1)?.name ?? null;
  if (version === null) return { state: "absent", version, pending };
  const known = applied?.slice(0, shipped.length) ?? [];
  if (known.some(({ checksum }, index) => checksum !== shipped[index]?.checksum))
    return { state: "changed", version, pending };
  if (strangerIn(applied ?? [], shipped)) return { state: "newer", version, pending };
  return { state: pending.length > 0 ? "behind" : "current", version, pending };
}

/** A heartbeat is a counter that grows: it is judged by watching it, never by a clock. */
async function watchNodes(db: Database, watchMs: number, environment: Environment): Promise<readonly StandingNode[]> {
  const { monotonic, timers, processes } = environment;
  const first = await standingNodes(db);
  const heard = new Map<string, number>();
  const begin = monotonic();
  while (heard.size < first.length && monotonic() - begin < watchMs) {
    await new Promise<void>((resolve) => void timers.after(LOOK_MS, resolve));
    const counters = new Map((await standingNodes(db)).map((node) => [node.incarnation, node.counter]));
    for (const { incarnation, counter } of first) {
      if (!heard.has(incarnation) && counters.get(incarnation) !== counter) heard.set(incarnation, monotonic() - begin);
    }
  }
  return first.map((node) => toStanding(node, processes.isAlive(node), heard.get(node.incarnation)));
}

function toStanding(node: NodeRow, isAlive: boolean | undefined, heardAfterMs: number | undefined): StandingNode {
  const { name, site, slots, host, pid, timeZones, startedAt } = node;
  const state = node.state === "draining" ? "draining" : "up";
  const rounded = heardAfterMs === undefined ? null : Math.round(heardAfterMs);
  return { name, site, slots, host, pid, timeZones, state, startedAt, isAlive, heardAfterMs: rounded };
}
