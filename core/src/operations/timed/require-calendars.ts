import { callsheetError, type TimedDefinition } from "@callsheet/contract";
import type { SharedCalendar } from "../../store/exclusion-calendars.ts";
import type { Statements } from "../../store/store.ts";

/** The calendars that a timed action names, which stay until the transaction ends. Fails with `unknown_calendar`. */
export async function requireCalendars(
  tx: Pick<Statements, "keepCalendars">,
  { calendars }: Pick<TimedDefinition, "calendars">,
): Promise<readonly SharedCalendar[]> {
  const found = await tx.keepCalendars(calendars);
  const missing = calendars.filter((name) => !found.some((one) => one.name === name));
  if (missing.length > 0) throw unknownCalendar(missing);
  return found;
}

/** The error of calendars that there are none of. */
export function unknownCalendar(names: readonly unknown[]) {
  const list = names.map((name) => `"${String(name).slice(0, 100)}"`).join(", ");
  return callsheetError("unknown_calendar", `There is no calendar ${list}.`, { calendars: names });
}
