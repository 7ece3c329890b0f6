import { type Calendar, type CalendarReason, type Nominal, type Slot, slotsAfter } from "./slot.ts";
import type { PreviewedInstant } from "./timed.ts";
import { DAY_MS, dayOf, wallText } from "./wall.ts";
import type { Zone } from "./zone.ts";

/** How far a preview looks where hardly anything runs. */
const MOST_LOOKED_AT = 10_000;

/** The next instants at which a rule runs, and what is passed over between them. */
export function previewInstants(calendar: Calendar, after: number, runs: number): readonly PreviewedInstant[] {
  const shown: PreviewedInstant[] = [];
  let [left, looked] = [runs, 0];
  for (const slot of slotsAfter(calendar, after)) {
    if (left === 0 || ++looked > MOST_LOOKED_AT) break;
    for (const { first, count, reason } of slot.passed)
      shown.push(shownAs(calendar.zone, slot, first, { count, reason }));
    if (slot.run === undefined) continue;
    shown.push(shownAs(calendar.zone, slot, slot.run, { count: 1, reason: null }));
    left -= 1;
  }
  return shown;
}

function shownAs(
  zone: Zone,
  { instant }: Slot,
  { wall, fold }: Nominal,
  { count, reason }: { readonly count: number; readonly reason: CalendarReason | null },
): PreviewedInstant {
  return {
    ...{ instant: new Date(instant), local: wallText(wall), fold, offset: offsetText(zone.offsetAt(instant)) },
    ...{ skipped: reason, count, change: changeOn(zone, instant) },
  };
}

/** The change of the clocks on the local day of an instant. */
function changeOn(zone: Zone, instant: number): PreviewedInstant["change"] {
  const day = dayOf(instant + zone.offsetAt(instant));
  const change = zone.around(instant).changes.find(({ at, before }) => {
    const wall = at + before;
    return wall >= day && wall < day + DAY_MS;
  });
  return change === undefined
    ? null
    : { at: new Date(change.at), from: offsetText(change.before), to: offsetText(change.after) };
}

/** A distance of local time from UTC, such as `+05:45`. */
export function offsetText(offset: number): string {
  const minutes = Math.round(Math.abs(offset) / 60_000);
  const text = (value: number) => String(value).padStart(2, "0");
  return `${offset < 0 ? "-" : "+"}${text(Math.floor(minutes / 60))}:${text(minutes % 60)}`;
}
