const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How long ago or ahead something is, for people: `12 s ago`, `in 3 h`; beyond a day the date. */
export function formatDistance(at: Date, now: Date): string {
  const ahead = at.getTime() - now.getTime();
  const distance = Math.abs(ahead);
  if (distance >= 2 * DAY) return formatDate(at);
  if (distance < 1000) return ahead > 0 ? "in 1 s" : "just now";
  return ahead > 0 ? `in ${inOneUnit(distance)}` : `${inOneUnit(distance)} ago`;
}

function inOneUnit(milliseconds: number): string {
  if (milliseconds < MINUTE) return `${Math.floor(milliseconds / 1000)} s`;
  if (milliseconds < HOUR) return `${Math.floor(milliseconds / MINUTE)} min`;
  return `${Math.floor(milliseconds / HOUR)} h`;
}

/** An instant in full, in the zone of this machine, which it names: `2026-11-28 09:30:00 +01:00`. */
export function formatInstant(at: Date): string {
  return `${formatDate(at)} ${formatClock(at)} ${zoneOf(at)}`;
}

/** The time of the day, to the second. */
export function formatClock(at: Date): string {
  return [at.getHours(), at.getMinutes(), at.getSeconds()].map(twoDigits).join(":");
}

function formatDate(at: Date): string {
  return [at.getFullYear(), twoDigits(at.getMonth() + 1), twoDigits(at.getDate())].join("-");
}

function zoneOf(at: Date): string {
  const offset = -at.getTimezoneOffset();
  if (offset === 0) return "UTC";
  const [hours, minutes] = [Math.floor(Math.abs(offset) / 60), Math.abs(offset) % 60];
  return `${offset < 0 ? "-" : "+"}${twoDigits(hours)}:${twoDigits(minutes)}`;
}

const twoDigits = (value: number): string => String(value).padStart(2, "0");
