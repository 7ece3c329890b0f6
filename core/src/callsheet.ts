import type { Authority, FacilityDay, Target, Verification, VerifyOptions } from "@callsheet/contract";
import { Actions } from "./actions.ts";
import { Assets } from "./assets.ts";
import { Collections } from "./collections.ts";
import { ElsewhereWork } from "./elsewhere.ts";
import { type Engine, openEngine, type WorkOptions } from "./engine/engine.ts";
import type { EngineOptions } from "./engine/engine-options.ts";
import { systemEnvironment } from "./engine/environment.ts";
import type { Node } from "./engine/node.ts";
import { Groups } from "./groups.ts";
import { Jobs } from "./jobs.ts";
import { Limits } from "./limits.ts";
import { Locks } from "./locks.ts";
import { Nodes } from "./nodes.ts";
import { storableText } from "./operations/configuration.ts";
import { recordDay, type Span } from "./operations/record-day.ts";
import { verify } from "./operations/verify.ts";
import { Pauses } from "./pauses.ts";
import { Queues } from "./queues.ts";
import { Resources } from "./resources.ts";
import { Retention } from "./retention.ts";
import { Secrets } from "./secrets.ts";
import { addressOf, findServer } from "./server.ts";
import { Timed } from "./timed.ts";

/**
 * A job scheduler on PostgreSQL. Without options it starts a private server of its own; with `databaseUrl` it uses yours.
 *
 * @example
 * const cs = await Callsheet.open();
 * const hello = await cs.actions.put({ name: "hello", type: helloType });
 * const node = await cs.work({ name: "here", types: [helloType] });
 * const job = await cs.jobs.create(hello, { configuration: { to: "you" } });
 * console.log(await cs.jobs.wait(job.id));
 */
export class Callsheet {
  readonly actions: Actions;
  readonly jobs: Jobs;
  /** What somebody outside says of work that goes on elsewhere. */
  readonly elsewhere: ElsewhereWork;
  readonly groups: Groups;
  readonly resources: Resources;
  readonly limits: Limits;
  readonly locks: Locks;
  readonly nodes: Nodes;
  readonly pauses: Pauses;
  readonly secrets: Secrets;
  readonly retention: Retention;
  readonly assets: Assets;
  readonly collections: Collections;
  readonly timed: Timed;
  /** Queues, for `@callsheet/queue`. */
  readonly queues: Queues;
  readonly #engine: Engine;
  readonly #authority: Authority;

  private constructor(engine: Engine, authority: Authority) {
    this.#engine = engine;
    this.#authority = authority;
    this.actions = new Actions(engine, authority);
    this.jobs = new Jobs(engine, authority);
    this.elsewhere = new ElsewhereWork(engine, authority);
    this.groups = new Groups(engine, authority);
    this.resources = new Resources(engine, authority);
    this.limits = new Limits(engine);
    this.locks = new Locks(engine, authority);
    this.nodes = new Nodes(engine, authority);
    this.pauses = new Pauses(engine, authority);
    this.secrets = new Secrets(engine, authority);
    this.retention = new Retention(engine, authority);
    this.assets = new Assets(engine, authority);
    this.collections = new Collections(engine, authority);
    this.timed = new Timed(engine, authority);
    this.queues = new Queues(engine, authority);
  }

  /** Opens Callsheet and brings its schema up to date. */
  static async open(options: EngineOptions = {}): Promise<Callsheet> {
    const authority = { actor: storableText(options.actor ?? "system", "actor", 200) };
    const environment = options.environment ?? systemEnvironment();
    const server = await findServer(options, environment.processes.variables);
    return new Callsheet(await openEngine(server, options, environment), authority);
  }

  /** The same Callsheet, on behalf of somebody: what is done through it names the actor, and the reason if there is one. */
  as(actor: string, reason?: string): Callsheet {
    storableText(actor, "actor", 200);
    if (reason === undefined) return new Callsheet(this.#engine, { actor });
    return new Callsheet(this.#engine, { actor, reason: storableText(reason, "reason", 2_000) });
  }

  /** Who acts through this one. */
  get actor(): string {
    return this.#authority.actor;
  }

  /** Where its database is, as a URL without user, password and options; empty when it was told otherwise than by a URL. */
  get address(): string {
    return addressOf(this.#engine.store.address.connection.connectionString);
  }

  /** Starts a node in this process: it runs jobs of the given types. */
  work(options: WorkOptions): Promise<Node> {
    return this.#engine.work(options);
  }

  /** Sets the capacity of the internal queue, in jobs (default 1,000), or the step of ageing (default 10 minutes). */
  configure(settings: { readonly queueCapacity?: number; readonly ageingStepMs?: number }): Promise<void> {
    return this.#engine.configure(settings);
  }

  /** The jobs that ended in a stretch of time, and what they ran on: for `simulate`. Resources and limits are those of now. */
  recordDay(span: Span): Promise<FacilityDay> {
    return recordDay(this.#engine.desk, span);
  }

  /**
   * Looks, at one moment and changing nothing, whether every invariant holds: of all jobs, their histories, and what they hold.
   * It may run beside everything else; of a large system it takes a while.
   */
  verify(options: VerifyOptions = {}): Promise<Verification> {
    return verify(this.#engine.store, options);
  }

  /** The names for people of the targets of jobs, in their order; null: nobody knows one. */
  async nameTargets(targets: readonly Target[]): Promise<readonly (string | null)[]> {
    return (await this.#engine.desk.targets.names(targets)).map((name) => name ?? null);
  }

  /** Stops its nodes, then everything else. May be called twice. */
  close(): Promise<void> {
    return this.#engine.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
