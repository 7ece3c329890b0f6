import { callsheetError, type RetentionRun } from "@callsheet/contract";
import { createCatalogue } from "../operations/catalogue.ts";
import type { Makers } from "../operations/create.ts";
import { Creator } from "../operations/creator.ts";
import type { GroupDesk } from "../operations/groups/create-group.ts";
import type { Hint } from "../operations/hint.ts";
import type { MediaDesk } from "../operations/media/desk.ts";
import { builtInResolvers } from "../operations/media/resolvers.ts";
import { readMediaRoots } from "../operations/media/roots.ts";
import type { Desk } from "../operations/operate.ts";
import { keyPlace } from "../operations/secrets/key-place.ts";
import { createKeyring } from "../operations/secrets/keyring.ts";
import type { Safe } from "../operations/secrets/secrets.ts";
import { createTargetRegistry, type TargetRegistry } from "../operations/target-registry.ts";
import { createTypeRegistry, type TypeRegistry } from "../operations/type-registry.ts";
import { openDatabase } from "../store/database.ts";
import { openingFailure } from "../store/failure.ts";
import { HOT_LINES } from "../store/hot-path.ts";
import { migrate } from "../store/migrate.ts";
import { createStore, type Store } from "../store/store.ts";
import type { Changed } from "../store/transition.ts";
import { startAdmission } from "./admission.ts";
import { startAgenda } from "./agenda.ts";
import { Bus } from "./bus.ts";
import { startCapacity } from "./capacity.ts";
import type { EngineOptions } from "./engine-options.ts";
import type { Environment, Timer } from "./environment.ts";
import { startGroups, startOccasions } from "./groups.ts";
import { createRest, foresee, purge, startHouse } from "./house.ts";
import { type Node, startNode } from "./node.ts";
import type { NodeOptions, StoredEnds } from "./node-options.ts";
import type { Part } from "./part.ts";
import { recoverNow, startReaper } from "./reaper.ts";
import { type Server, watchOver } from "./revival.ts";
import { Scouts } from "./scouts.ts";
import type { EngineLog, Service } from "./service.ts";
import { startTimer } from "./timer.ts";
import { Waiting } from "./waiting.ts";
import { startWatch, type WatchOptions } from "./watch.ts";
import { whileAway } from "./while-away.ts";

/** By then whoever opened has what it asked for first. */
const READY_MS = 100;

/** A node, and who is told of its start. */
export interface WorkOptions extends NodeOptions {
  /**
   * Told once it has looked for jobs, a moment before it hears of those that others make: what they did meanwhile is found
   * then. Should that come to nothing, it is stopped, and whoever started it is told why.
   */
  readonly onBegun?: (node: Node) => void;
}

/** Connects to a server and brings its schema up to date. The server is closed with the engine, and when this fails. */
export async function openEngine(found: Server, options: EngineOptions, environment: Environment): Promise<Engine> {
  const log: EngineLog = { error: options.onError ?? writeError };
  const server = watchOver(found, environment, log);
  const { poolSize = 10 } = options;
  const db = openDatabase({
    connection: { connectionString: server.connectionString },
    schema: options.schema ?? "callsheet",
    poolSize: positive(poolSize, "poolSize"),
    clock: environment,
    patience: options.patience,
    revive: server.revive,
    onError: (error) => log.error("database", error),
  });
  if (options.worksSoon) db.connectAhead(HOT_LINES);
  try {
    await migrate(db);
    const place = keyPlace({ ...options, dataDir: found.dataDir }, environment.processes.variables);
    const keyring = createKeyring(place, options.secretKeys ?? environment.files);
    const safe = { keyring, randomBytes: environment.randomBytes };
    const store = createStore(db);
    const targets = createTargetRegistry([...builtInResolvers(store), ...(options.resolvers ?? [])], (error) =>
      log.error("resolver", error),
    );
    const roots = readMediaRoots(options.mediaRoots, environment.processes.variables);
    const engine = new Engine(server, { store, safe, targets, roots, environment, log });
    if (options.worksSoon) engine.readySoon();
    return engine;
  } catch (error) {
    await db.close();
    await server.close();
    throw openingFailure(error);
  }
}

/** What an engine is made of. */
type Beginning = Pick<Part, "store" | "safe" | "roots" | "environment" | "log"> & { readonly targets: TargetRegistry };

/** The running parts of one Callsheet, started in order and stopped in reverse. */
export class Engine {
  readonly store: Store;
  readonly types: TypeRegistry;
  readonly desk: Desk;
  readonly groupDesk: GroupDesk;
  readonly safe: Safe;
  readonly media: MediaDesk;
  readonly makers: Makers;
  readonly creator: Creator;
  readonly waiting: Waiting;
  readonly #server: Server;
  readonly #part: Part;
  readonly #nodes = new Set<Node>();
  readonly #watches = new Set<Service>();
  #ready: Timer | undefined;
  #duties: Promise<readonly Service[]> | undefined;
  #closing: Promise<void> | undefined;

  constructor(server: Server, { store, safe, targets, roots, environment, log }: Beginning) {
    const types = createTypeRegistry(store, environment.monotonic);
    const bus = new Bus(store, environment, log);
    const announce = (hint: Hint) => bus.publish(hint);
    const catalogue = createCatalogue(store, environment.monotonic, announce);
    this.store = store;
    this.types = types;
    this.desk = { store, catalogue, targets, announce };
    this.media = { store, roots, files: environment.files, newId: environment.newId };
    this.makers = { catalogue, types, ...environment };
    this.groupDesk = { ...this.desk, makers: this.makers };
    this.creator = new Creator(store, this.makers, bus);
    this.#server = server;
    this.safe = safe;
    const census = { processes: 1 };
    const scouts = new Scouts({ environment, census });
    this.#part = { store, catalogue, types, safe, roots, environment, bus, log, census, scouts };
    this.waiting = new Waiting(this.#part);
  }

  /** Starts what beats for nodes a moment later: what comes first has the machine for itself. */
  readySoon(): void {
    const { timers, readyPulse } = this.#part.environment;
    this.#ready = timers.after(READY_MS, readyPulse);
  }

  /** Starts a node, and with the first one the duties: more of them than one in a cluster are no harm. */
  async work(options: WorkOptions): Promise<Node> {
    this.#requireOpen();
    const node = await startNode(this.#part, options, (ids, ends) => this.#tell(options, ids, ends));
    this.#nodes.add(node);
    try {
      // A node that starts has the machine for its first jobs: nothing else connects meanwhile.
      await node.begun;
      this.#requireOpen();
      options.onBegun?.(node);
      await this.#beginDuties();
      this.#requireOpen();
      return node;
    } catch (error) {
      await node.stop();
      throw error;
    }
  }

  /** Asks somebody outside at intervals, until the watch is stopped or this Callsheet is closed. */
  watch(options: WatchOptions): { stop(): Promise<void> } {
    this.#requireOpen();
    const watch = startWatch(this.#part, options);
    this.#watches.add(watch);
    return {
      stop: () => {
        this.#watches.delete(watch);
        return watch.stop();
      },
    };
  }

  /** A number in [0, 1), by which waits are spread. */
  get random(): () => number {
    return this.#part.environment.random;
  }

  /** Finds at once what dead nodes left behind, and what runs for too long, and ends it. Answers what that led to. */
  recover(actor: string): Promise<readonly Changed[]> {
    return recoverNow(this.#part, actor);
  }

  /** Deletes the settled jobs whose time is over, or says which those are. */
  purge(isDryRun: boolean): Promise<RetentionRun> {
    this.#requireOpen();
    return isDryRun ? foresee(this.#part) : purge(this.#part, createRest(this.#part));
  }

  /** Hears hints of this process and, once something works here, of others; `undefined`: some may have been missed. */
  hear(call: (hint: Hint | undefined) => void): () => void {
    return this.#part.bus.subscribe(call);
  }

  async configure(settings: { readonly queueCapacity?: number; readonly ageingStepMs?: number }): Promise<void> {
    const { queueCapacity, ageingStepMs } = Object(settings) as typeof settings;
    const put = this.store.putSetting;
    if (queueCapacity !== undefined) await put("queue_capacity", positive(queueCapacity, "queueCapacity"));
    if (ageingStepMs !== undefined) await put("ageing_step_ms", positive(ageingStepMs, "ageingStepMs"));
  }

  /** May be called twice. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  #tell({ onStored }: NodeOptions, ids: readonly string[], ends?: StoredEnds): void {
    this.waiting.settled(ids);
    try {
      onStored?.(ids, ends);
    } catch (error) {
      this.#part.log.error("onStored", error);
    }
  }

  #requireOpen(): void {
    if (this.#closing !== undefined) throw callsheetError("stopped", "This Callsheet was closed.");
  }

  #beginDuties(): Promise<readonly Service[]> {
    this.#duties ??= this.#startDuties().catch((error: unknown) => {
      this.#duties = undefined;
      throw error;
    });
    return this.#duties;
  }

  async #startDuties(): Promise<readonly Service[]> {
    const part = this.#part;
    // The node runs jobs by now: a server that goes away meanwhile is waited for, as it is later.
    await whileAway(
      part,
      "listener",
      () => part.bus.listen(),
      () => this.#closing === undefined,
    );
    const admission = startAdmission(part);
    const occasions = startOccasions(part, this.groupDesk);
    const timer = startTimer(part, occasions.wake);
    return [
      startAgenda(part, admission, timer),
      admission,
      timer,
      startReaper(part),
      startCapacity(part),
      startHouse(part),
      startGroups(part, this.groupDesk),
      occasions,
    ];
  }

  /** Every part is closed, whatever became of those before it; the first failure is told at the end. */
  async #close(): Promise<void> {
    this.#ready?.cancel();
    const duties = async () => (await this.#duties?.catch(() => [])) ?? [];
    const steps: readonly (() => Promise<unknown>)[] = [
      () => Promise.all([...this.#nodes].map((node) => node.stop())),
      async () => Promise.all([...this.#watches, ...(await duties())].map((service) => service.stop())),
      () => this.waiting.stop(),
      () => this.creator.close(),
      () => this.#part.bus.close(),
      () => this.store.close(),
      () => this.#server.close(),
    ];
    const failures: unknown[] = [];
    for (const step of steps) await step().catch((error: unknown) => failures.push(error));
    if (failures.length > 0) throw failures[0];
  }
}

function positive(value: number, field: string): number {
  if (Number.isInteger(value) && value > 0) return value;
  throw callsheetError("invalid_argument", `${field} must be a whole number above 0.`, { field });
}

function writeError(where: string, error: unknown): void {
  process.stderr.write(`callsheet ${where}: ${error instanceof Error ? error.message : String(error)}\n`);
}
