import type { Authority, ExclusionCalendar, ExclusionCalendarInput } from "@callsheet/contract";
import type { Engine } from "./engine/engine.ts";
import { deleteCalendar, getCalendar, putCalendar } from "./operations/timed/exclusion-calendars.ts";

/**
 * Times at which none of the timed actions runs that name the calendar, such as the holidays of a region, or maintenance. A name
 * that none has fails with `unknown_calendar`.
 */
export class TimedCalendars {
  readonly #engine: Engine;
  readonly #authority: Authority;

  constructor(engine: Engine, authority: Authority) {
    this.#engine = engine;
    this.#authority = authority;
  }

  /** All of them, by name. */
  list(): Promise<readonly ExclusionCalendar[]> {
    return this.#engine.store.readCalendars();
  }

  get(name: string): Promise<ExclusionCalendar> {
    return getCalendar(this.#engine.store, name);
  }

  /** Makes one, or replaces the one of this name, at once for every timed action that uses it. Fails with `invalid_argument`. */
  put(calendar: ExclusionCalendarInput): Promise<ExclusionCalendar> {
    return putCalendar(this.#engine.desk, calendar, this.#authority);
  }

  /** Deletes one that no timed action uses; otherwise it fails with `calendar_in_use`, and names them. */
  delete(name: string): Promise<void> {
    return deleteCalendar(this.#engine.desk, name);
  }
}
