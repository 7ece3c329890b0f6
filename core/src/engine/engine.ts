import { callsheetError } from "@callsheet/contract";
import { createCatalogue } from "../operations/catalogue.ts";
import { type Creator, createCreator } from "../operations/creator.ts";
import type { Desk } from "../operations/operate.ts";
import { createTypeRegistry, type TypeRegistry } from "../operations/type-registry.ts";
import { openDatabase } from "../store/database.ts";
import { openingFailure } from "../store/failure.ts";
import { migrate } from "../store/migrate.ts";
import { createStore, type Store } from "../store/store.ts";
import { createBus } from "./bus.ts";
import { startAdmission, startDue, startOverrun } from "./duties.ts";
import { type Environment, systemEnvironment } from "./environment.ts";
import { type Node, startNode } from "./node.ts";
import type { NodeOptions } from "./node-options.ts";
import type { Part } from "./part.ts";
import { openPrivateDatabase, type Server } from "./private-server.ts";
import { startReaper } from "./reaper.ts";
import type { EngineLog, Service } from "./service.ts";
import { createWaiting, type Waiting } from "./waiting.ts";

export interface EngineOptions {
  /** A PostgreSQL of yours, 15 or newer. Default: the environment's DATABASE_URL, else a private server. */
  readonly databaseUrl?: string;
  /** Where the private server keeps its data. Default: the user's data directory. */
  readonly dataDir?: string;
  /** The schema of all tables. Default `callsheet`. */
  readonly schema?: string;
  /** Connections beside those of the hot path. Default 10. */
  readonly poolSize?: number;
  /** Who acts when nobody is named by `as`. Default `system`. */
  readonly actor?: string;
  /** Told of troubles of the engine itself; never of a job's. Default: one line each on standard error. */
  readonly onError?: (where: string, error: unknown) => void;
  /** The world outside; made up in tests. */
  readonly environment?: Environment;
}

/** The running parts of one Callsheet, started in order and stopped in reverse. */
export interface Engine {
  readonly store: Store;
  readonly desk: Desk;
  readonly types: TypeRegistry;
  readonly creator: Creator;
  readonly waiting: Waiting;
  work(options: NodeOptions): Promise<Node>;
  configure(settings: { readonly queueCapacity?: number; readonly ageingStepMs?: number }): Promise<void>;
  close(): Promise<void>;
}

export async function openEngine(options: EngineOptions): Promise<Engine> {
  const environment = options.environment ?? systemEnvironment();
  const log: EngineLog = { error: options.onError ?? writeError };
  const databaseUrl =
    options.databaseUrl ?? (options.dataDir === undefined ? environment.processes.variables.DATABASE_URL : undefined);
  const server: Server = databaseUrl
    ? { connectionString: databaseUrl, close: async () => {} }
    : await openPrivateDatabase(options.dataDir, environment.processes.variables);
  try {
    return await openOn(server, options, environment, log);
  } catch (error) {
    await server.close();
    throw error;
  }
}

async function openOn(
  server: Server,
  options: EngineOptions,
  environment: Environment,
  log: EngineLog,
): Promise<Engine> {
  const db = openDatabase({
    connection: { connectionString: server.connectionString },
    schema: options.schema ?? "callsheet",
    poolSize: options.poolSize ?? 10,
    onError: (error) => log.error("database", error),
  });
  try {
    await migrate(db);
  } catch (error) {
    await db.close();
    throw openingFailure(error);
  }
  const store = createStore(db);
  const catalogue = createCatalogue(store, environment.monotonic);
  const types = createTypeRegistry(store);
  const bus = createBus(store, environment, log);
  const part: Part = { store, catalogue, types, environment, bus, log };
  const waiting = createWaiting(part);
  const creator = createCreator(store, { catalogue, types, ...environment }, (hint) => bus.publish(hint));
  const nodes = new Set<Node>();
  let duties: Promise<readonly Service[]> | undefined;
  let closing: Promise<void> | undefined;

  /** The duties run where a node runs; more of them than one are no harm. */
  const startDuties = async (): Promise<readonly Service[]> => {
    await bus.listen();
    return [startDue(part), startOverrun(part), startAdmission(part), startReaper(part)];
  };
  /** Every part is closed, whatever became of those before it; the first failure is told at the end. */
  const close = async () => {
    const steps: readonly (() => Promise<unknown>)[] = [
      () => Promise.all([...nodes].map((node) => node.stop())),
      async () => Promise.all(((await duties?.catch(() => [])) ?? []).map((service) => service.stop())),
      () => waiting.stop(),
      () => creator.close(),
      () => bus.close(),
      () => store.close(),
      () => server.close(),
    ];
    const failures: unknown[] = [];
    for (const step of steps) await step().catch((error: unknown) => failures.push(error));
    if (failures.length > 0) throw failures[0];
  };
  return {
    store,
    desk: { store, catalogue, announce: (hint) => bus.publish(hint) },
    types,
    creator,
    waiting,
    work: async (nodeOptions) => {
      if (closing !== undefined) throw callsheetError("stopped", "This Callsheet was closed.");
      duties ??= startDuties().catch((error: unknown) => {
        duties = undefined;
        throw error;
      });
      await duties;
      const node = await startNode(part, nodeOptions, waiting.settled);
      if (closing === undefined) {
        nodes.add(node);
        return node;
      }
      await node.stop();
      throw callsheetError("stopped", "This Callsheet was closed.");
    },
    configure: async (settings) => {
      const { queueCapacity, ageingStepMs } = Object(settings) as typeof settings;
      if (queueCapacity !== undefined)
        await store.putSetting("queue_capacity", positive(queueCapacity, "queueCapacity"));
      if (ageingStepMs !== undefined) await store.putSetting("ageing_step_ms", positive(ageingStepMs, "ageingStepMs"));
    },
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}

function positive(value: number, field: string): number {
  if (Number.isInteger(value) && value > 0) return value;
  throw callsheetError("invalid_argument", `${field} must be a whole number above 0.`, { field });
}

function writeError(where: string, error: unknown): void {
  process.stderr.write(`callsheet ${where}: ${error instanceof Error ? error.message : String(error)}\n`);
}
