import { type ActionHandle, type Callsheet, type Created, type Job, SETTLED } from "@callsheet/core";
import type { Catalogued } from "./catalogue-files.ts";
import { type GroupNow, lookAtGroup } from "./group-log.ts";
import type { MediaFile } from "./media-folder.ts";

/** A job of this demo, and the file that it works on. */
export interface DemoJob<Configuration = unknown, Result = unknown> extends Created<Configuration, Result> {
  readonly file: MediaFile;
}

/** A job that needs a resource or locks its file. */
export interface Contender extends DemoJob {
  readonly action: string;
}

/** Creates the jobs of one demo, keeps them apart from those of others, and waits for them. */
export class JobDesk {
  readonly #cs: Callsheet;
  readonly #signal: AbortSignal;
  readonly #created: DemoJob[] = [];
  readonly #contenders: Contender[] = [];
  readonly #groups: Created[] = [];
  readonly #tag: string;

  constructor(cs: Callsheet, { tag, signal }: { readonly tag: string; readonly signal: AbortSignal }) {
    this.#cs = cs;
    this.#tag = tag;
    this.#signal = signal;
  }

  get jobs(): readonly DemoJob[] {
    return this.#created;
  }

  get contenders(): readonly Contender[] {
    return this.#contenders;
  }

  /** All jobs as they stand now. */
  look(): Promise<readonly Job[]> {
    return this.#cs.jobs.list({ tag: this.#tag, limit: 1000 });
  }

  /** All group jobs as they stand now. */
  lookAtGroups(): Promise<readonly GroupNow[]> {
    return Promise.all(this.#groups.map((group) => lookAtGroup(this.#cs, group)));
  }

  /** Creates one group job, which has a job for each file; answers the job of each. */
  async createGroup<Configuration, Result>(
    action: ActionHandle<Configuration, Result>,
    files: readonly MediaFile[],
    { collection, assetOf }: Catalogued,
  ): Promise<ReadonlyMap<MediaFile, DemoJob<Configuration, Result>>> {
    this.#signal.throwIfAborted();
    const group = await this.#cs.jobs.create(action, { target: collection, tags: [this.#tag] });
    this.#groups.push(group);
    const members = await this.#cs.jobs.list({ parentId: group.id, limit: 1000 });
    const idOf = new Map(members.map(({ id, target }) => [target?.id, id]));
    const jobs = files.map((file) => ({ id: idOf.get(assetOf(file).id)!, file }));
    this.#created.push(...jobs);
    return new Map(jobs.map((job) => [job.file, job]));
  }

  async create<Configuration, Result>(
    action: ActionHandle<Configuration, Result>,
    file: MediaFile,
    configuration: Configuration,
  ): Promise<DemoJob<Configuration, Result>> {
    this.#signal.throwIfAborted();
    const job = await this.#cs.jobs.create(action, { configuration, target: targetOf(file), tags: [this.#tag] });
    const created = { ...job, file };
    this.#created.push(created);
    const { needs, lock } = action.definition;
    if (Object.keys(needs).length > 0 || lock !== "none") this.#contenders.push({ ...created, action: action.name });
    return created;
  }

  /** Creates a job and waits for its result; null when it did not complete, or waits for a node that can do it. */
  async run<Configuration, Result>(
    action: ActionHandle<Configuration, Result>,
    file: MediaFile,
    configuration: Configuration,
  ): Promise<Result | null> {
    return this.resultOf(await this.create(action, file, configuration));
  }

  /** Waits for the result of a job; null when it did not complete, or waits for a node that can do it. */
  async resultOf<Configuration, Result>(job: Created<Configuration, Result>): Promise<Result | null> {
    if (await this.waitsInVain(job)) return null;
    return (await this.settled(job)).result;
  }

  settled<Configuration, Result>(job: Created<Configuration, Result>): Promise<Job<Configuration, Result>> {
    return this.#cs.jobs.wait(job, { signal: this.#signal });
  }

  /** Whether nothing that runs here can do it, so that it will wait for as long as the demo lasts. */
  async waitsInVain(job: Created): Promise<boolean> {
    return (await this.#cs.jobs.explain(job)).reason === "no_capable_node";
  }

  /** Replaces the configuration of a job that failed and runs it again. */
  async amend<Configuration>(job: Created<Configuration>, configuration: Configuration, reason: string) {
    const { jobs } = this.#cs.as(this.#cs.actor, reason);
    await jobs.amend(job, configuration as Readonly<Record<string, unknown>>);
    await jobs.retry(job);
  }

  /** Calls off what has not ended, so that nothing is left for a node that never comes. */
  async callOff(): Promise<void> {
    const unsettled = (await this.look()).filter(({ state }) => !SETTLED.some((settled) => settled === state));
    const { jobs } = this.#cs.as(this.#cs.actor, "the demo is over");
    // A job may end just before it is cancelled; then there is nothing to call off.
    await Promise.allSettled(unsettled.map(({ id }) => jobs.cancel(id)));
  }
}

const TARGET_BYTES = 200;

/** The object that a job works on has a short name; a file may have a long one. */
function targetOf({ name, stem }: MediaFile) {
  const id = name.trim() === name && Buffer.byteLength(name) <= TARGET_BYTES ? name : stem;
  return { type: "file", id };
}
