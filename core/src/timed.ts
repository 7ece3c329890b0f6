import type {
  Authority,
  Occurrence,
  OccurrencePage,
  PreviewedInstant,
  PreviewOf,
  PreviewOptions,
  TimedAction,
  TimedInput,
} from "@callsheet/contract";
import type { Engine } from "./engine/engine.ts";
import { deleteTimed, updateTimed } from "./operations/timed/change.ts";
import { createTimed } from "./operations/timed/define.ts";
import { runTimedNow, startTimed, stopTimed } from "./operations/timed/switch.ts";
import { getTimed, listOccurrences, listTimed, previewTimed } from "./operations/timed/view.ts";
import { TimedCalendars } from "./timed-calendars.ts";

/** Actions that repeat at an interval, at times of the day, or by a cron line, each as one job for ever. */
export class Timed {
  /** Exclusions that timed actions share. */
  readonly calendars: TimedCalendars;
  readonly #engine: Engine;
  readonly #authority: Authority;

  constructor(engine: Engine, authority: Authority) {
    this.#engine = engine;
    this.#authority = authority;
    this.calendars = new TimedCalendars(engine, authority);
  }

  /**
   * Creates a timed action, which is stopped. Where its job's target has members and its action takes those, each occurrence makes a
   * group. Fails with `timed_action_exists`, `timed_not_offered` where its action has no flag `timed`, `invalid_argument`,
   * `unknown_calendar`, `group_not_offered`, and as the creation of its job does.
   */
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

  /**
   * Changes some fields. The rule holds from now on. What it runs, its action and job, is copied anew, as its action is now, unless an
   * occurrence is under way: then it fails with `timed_action_busy` if that is to be changed.
   */
  async update(name: string, fields: Partial<Omit<TimedInput, "name">>): Promise<TimedAction> {
    await updateTimed(this.#engine.desk, this.#engine.makers, name, fields, this.#authority);
    return this.get(name);
  }

  /** Deletes it, with its job and all that is told of both. Fails with `timed_action_busy` while an occurrence is not over. */
  delete(name: string): Promise<void> {
    return deleteTimed(this.#engine.desk, name);
  }

  /** Lets timed actions run that are started. */
  switchOn(): Promise<void> {
    return this.#engine.store.switchTimed(true);
  }

  /** Lets no timed action run, whether it is started or not, until `switchOn`: each instant is passed over as `switched_off`. */
  switchOff(): Promise<void> {
    return this.#engine.store.switchTimed(false);
  }

  /** Whether timed actions are switched on, as they are at first. */
  isOn(): Promise<boolean> {
    return this.#engine.store.isTimedOn();
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
