import { callsheetError } from "@callsheet/contract";
import { Callsheet } from "../callsheet.ts";
import type { EngineOptions } from "../engine/engine-options.ts";
import { type Environment, systemEnvironment } from "../engine/environment.ts";
import { type Database, openDatabase } from "../store/database.ts";
import { createStore, type Store } from "../store/store.ts";
import { countTimers } from "./count-timers.ts";
import { type ManualClock, openManualClock } from "./manual-clock.ts";
import { connectionsTo, createDatabase, dropDatabase } from "./store/databases.ts";
import { newTestName, settleTemplate } from "./template.ts";
import { until } from "./until.ts";

export interface TestDatabaseOptions {
  /**
   * The server: a role that may create databases, and a database of its own. Default: the environment's
   * CALLSHEET_TEST_DATABASE_URL.
   */
  readonly databaseUrl?: string;
}

/** A database of one test's own, migrated and empty. */
export interface TestDatabase {
  readonly name: string;
  readonly url: string;
  /** For statements of the test. */
  readonly db: Database;
  readonly store: Store;
  /** A Callsheet on it, closed with it. Its timers are counted. */
  open(options?: Omit<EngineOptions, "databaseUrl" | "dataDir">): Promise<Callsheet>;
  /** Stops the database's clock; it is moved by hand from then on. */
  stopClock(): Promise<ManualClock>;
  /** Drops the database. Fails with `test_leak` in its message when a connection or a timer was left open. May be called twice. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

const opened = new WeakMap<Callsheet, TestDatabase>();
const templates = new Map<string, Promise<string>>();
/** Connections that were closed are seen by the server a moment later. */
const LEAVE_MS = 2_000;

/** Makes a database for one test, cloned from a migrated one. What killed runs left behind is removed first. */
export async function openTestDatabase(options: TestDatabaseOptions = {}): Promise<TestDatabase> {
  const server = serverUrl(options);
  const name = newTestName();
  const urlOf = (database: string) => withDatabase(server, database);
  await administer(server, async (admin) => {
    const template = templates.get(server) ?? settleTemplate(admin, urlOf);
    templates.set(server, template);
    await createDatabase(admin, name, await template);
  }).catch((error: unknown) => {
    templates.delete(server);
    throw error;
  });
  return new OpenTestDatabase(server, name, urlOf(name));
}

/** The test database that a Callsheet was opened on. */
export function databaseOf(cs: Callsheet): TestDatabase {
  const database = opened.get(cs);
  if (database) return database;
  throw callsheetError("invalid_argument", "This Callsheet was not opened by a TestDatabase.", { field: "cs" });
}

class OpenTestDatabase implements TestDatabase {
  readonly name: string;
  readonly url: string;
  readonly db: Database;
  readonly store: Store;
  readonly #server: string;
  readonly #environment: Environment;
  readonly #pendingTimers: () => readonly string[];
  readonly #callsheets: Callsheet[] = [];
  #closing: Promise<void> | undefined;

  constructor(server: string, name: string, url: string) {
    this.name = name;
    this.url = url;
    this.#server = server;
    this.db = openDatabase({
      connection: { connectionString: url, application_name: "callsheet test" },
      schema: "callsheet",
      poolSize: 4,
      clock: systemEnvironment(),
      onError: () => {},
    });
    this.store = createStore(this.db);
    ({ environment: this.#environment, pending: this.#pendingTimers } = countTimers(systemEnvironment()));
  }

  async open(options: Omit<EngineOptions, "databaseUrl" | "dataDir"> = {}): Promise<Callsheet> {
    const cs = await Callsheet.open({ environment: this.#environment, ...options, databaseUrl: this.url });
    this.#callsheets.push(cs);
    opened.set(cs, this);
    return cs;
  }

  stopClock(): Promise<ManualClock> {
    return openManualClock(this.db);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    const closed = await Promise.allSettled(this.#callsheets.map((cs) => cs.close()));
    await this.db.close();
    const leaks = await administer(this.#server, async (admin) => {
      const connections = () => connectionsTo(admin, this.name);
      await until(async () => (await connections()).length === 0, { deadlineMs: LEAVE_MS }).catch(() => {});
      const left = await connections();
      await dropDatabase(admin, this.name);
      return left.map(({ application, state, query }) => `connection "${application}", ${state}: ${query}`);
    });
    leaks.push(...this.#pendingTimers().map((timer) => `timer ${timer}`));
    for (const one of closed) if (one.status === "rejected") throw one.reason;
    if (leaks.length > 0) throw new Error(`test_leak: the test left open ${leaks.join("; ")}`);
  }
}

async function administer<T>(server: string, work: (admin: Database) => Promise<T>): Promise<T> {
  const admin = openDatabase({
    connection: { connectionString: server, application_name: "callsheet testing" },
    schema: "callsheet",
    // One, since locks of a session are taken on it.
    poolSize: 1,
    clock: systemEnvironment(),
    onError: () => {},
  });
  try {
    return await work(admin);
  } finally {
    await admin.close();
  }
}

function serverUrl(options: TestDatabaseOptions): string {
  const url = options.databaseUrl ?? systemEnvironment().processes.variables.CALLSHEET_TEST_DATABASE_URL;
  if (url) return url;
  throw callsheetError(
    "database_missing",
    "No server for tests was named: set CALLSHEET_TEST_DATABASE_URL, or start one by openTestServer().",
  );
}

function withDatabase(server: string, name: string): string {
  // The database is the path of the URL; a socket's directory stands encoded in the host's place.
  return server.replace(/^(\w+:\/\/[^/?]*)(\/[^?]*)?/, (_, authority: string) => `${authority}/${name}`);
}
