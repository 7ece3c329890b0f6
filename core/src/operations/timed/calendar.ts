import { type Calendar, calendarOf, openZone, type TimedDefinition, wallRule, type Zone } from "@callsheet/contract";
import type { SharedCalendar } from "../../store/exclusion-calendars.ts";
import { parseCron } from "./cron.ts";

const MOST_KEPT = 1_000;
const zones = new Map<string, Zone>();
const calendars = new Map<string, Calendar | null>();

/** Zones and cron lines are read once: both are pure, and reading them costs more than asking them. */
function kept<Value>(known: Map<string, Value>, key: string, make: () => Value): Value {
  if (known.has(key)) return known.get(key)!;
  if (known.size >= MOST_KEPT) known.clear();
  const value = make();
  known.set(key, value);
  return value;
}

/** What says when a timed action runs, with the exclusion calendars that it uses. */
export interface Timetable {
  readonly definition: Pick<TimedDefinition, "rule" | "timeZone" | "dst" | "exclusions">;
  readonly shared: readonly SharedCalendar[];
}

/** What the instants of a timed action follow from; null: it counts from the end of its last occurrence. */
export function calendarFor({ definition, shared }: Timetable): Calendar | null {
  const { rule, timeZone, dst, exclusions } = definition;
  return kept(calendars, JSON.stringify([rule, timeZone, dst, exclusions, shared]), () => {
    const walls = wallRule(rule, parseCron);
    return walls && calendarOf(walls, definition, { zone: zoneFor(timeZone), shared: sharedBy({ shared }) });
  });
}

/** The exclusions of the calendars that a timed action uses. */
export const sharedBy = ({ shared }: Pick<Timetable, "shared">) =>
  shared.map(({ timeZone, exclusions }) => ({ zone: zoneFor(timeZone), exclusions }));

/** The zone of this name. */
export const zoneFor = (timeZone: string): Zone => kept(zones, timeZone, () => openZone(timeZone));
