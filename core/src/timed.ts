import type { Authority, Occurrence, PreviewedInstant, TimedAction, TimedInput } from "@callsheet/contract";
import type { Engine } from "./engine/engine.ts";
import { createTimed } from "./operations/timed/define.ts";
import { runTimedNow, startTimed, stopTimed } from "./operations/timed/switch.ts";
import {
  getTimed,
  listOccurrences,
  listTimed,
  type OccurrencePage,
  type PreviewOf,
  type PreviewOptions,
  previewTimed,
} from "./operations/timed/view.ts";

/** Actions that repeat at an interval, at times of the day, or by a cron line, each as one job for ever. */
export class Timed {
  readonly #engine: Engine;
  readonly #authority: Authority;

  constructor(engine: Engine, authority: Authority) {
    this.#engine = engine;
    this.#authority = authority;
  }

  /** Creates a timed action, which is stopped. Fails with `timed_action_exists`, `invalid_argument`, and as the creation of its job does. */
  async create(definition: TimedInput): Promise<TimedAction> {
    await createTimed(this.#engine.desk, this.#engine.makers, definition, this.#authority);
    return this.get(definition.name);
  }

  /** One by its name. Fails with `unknown_timed_action`, as everything that names one does. */
  get(name: string): Promise<TimedAction> {
    return getTimed(this.#engine.store, name);
  }

  /** All of them, by name. */
  list(): Promise<readonly TimedAction[]> {
    return listTimed(this.#engine.store);
  }

  /** Lets it run from its next time on. */
  async start(name: string): Promise<TimedAction> {
    await startTimed(this.#engine.desk, name, this.#authority);
    return this.get(name);
  }

  /** Lets it run no more; an occurrence that is under way goes on to its end. */
  async stop(name: string): Promise<TimedAction> {
    await stopTimed(this.#engine.desk, name, this.#authority);
    return this.get(name);
  }

  /** Runs it at once, started or not, beside what its rule says. Fails with `timed_action_busy` while an occurrence is not over. */
  async runNow(name: string): Promise<TimedAction> {
    await runTimedNow(this.#engine.desk, name, this.#authority);
    return this.get(name);
  }

  /** What became of its instants, newest first: each fired, waits, or was passed over for a reason. */
  occurrences(name: string, page: OccurrencePage = {}): Promise<readonly Occurrence[]> {
    return listOccurrences(this.#engine.store, name, page);
  }

  /** The next runs of a timed action, or of one that is still to be made, with what is passed over between them. */
  preview(of: PreviewOf, options: PreviewOptions = {}): Promise<readonly PreviewedInstant[]> {
    return previewTimed(this.#engine.store, of, options);
  }
}
