/*
 * Local times are counted as instants are, in milliseconds since 1970, as if the clock on the wall showed UTC: so they are
 * compared, added to and aligned without a calendar. Only a zone tells which instants they are.
 */

export const SECOND_MS = 1_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;

/** A local time as it is stored and shown: `2026-03-29T02:30:00`, with milliseconds only where it has some. */
export function wallText(wall: number): string {
  return new Date(wall).toISOString().replace(/(\.000)?Z$/, "");
}

/** Reads what `wallText` writes. */
export function wallOf(text: string): number {
  return Date.parse(`${text}Z`);
}

/** The beginning of the day that a local time lies in. */
export const dayOf = (wall: number): number => Math.floor(wall / DAY_MS) * DAY_MS;

/** The day of the week of a local time: 0 is Monday. */
export const weekdayOf = (wall: number): number => (Math.floor(wall / DAY_MS) + 3) % 7;

/** Reads a time of the day, `02:30` or `02:30:15`, in milliseconds. */
export function timeOfDay(text: string): number {
  const [hours, minutes, seconds = 0] = text.split(":").map(Number);
  return hours! * HOUR_MS + minutes! * 60_000 + seconds * SECOND_MS;
}
