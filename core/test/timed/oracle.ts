const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** A cron line, as lists of numbers that the oracle matches by itself; absent: every one. */
export interface Fields {
  readonly minutes?: readonly number[];
  readonly hours?: readonly number[];
  readonly days?: readonly number[];
  readonly months?: readonly number[];
  /** 0 is Sunday. Never together with days, which cron would take as either. */
  readonly weekdays?: readonly number[];
}

const text = (list: readonly number[] | undefined) => list?.join(",") ?? "*";

export const cronOf = ({ minutes, hours, days, months, weekdays }: Fields): string =>
  [minutes, hours, days, months, weekdays].map(text).join(" ");

function matches({ minutes, hours, days, months, weekdays }: Fields, wall: number): boolean {
  const at = new Date(wall);
  const has = (list: readonly number[] | undefined, value: number) => list === undefined || list.includes(value);
  return (
    has(minutes, at.getUTCMinutes()) &&
    has(hours, at.getUTCHours()) &&
    has(days, at.getUTCDate()) &&
    has(months, at.getUTCMonth() + 1) &&
    has(weekdays, at.getUTCDay())
  );
}

/** The local time of an instant, read off a clock of that zone. */
function wallClock(zone: string): (instant: number) => number {
  const clock = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "medium" });
  return (instant) => Date.parse(`${clock.format(instant).replace(" ", "T")}Z`);
}

/** When the clocks of a zone are set, found by looking at them every `stepMs`; a year at a time. */
export function changesOf(zone: string, year: number, stepMs: number): readonly number[] {
  const clock = wallClock(zone);
  const offset = (instant: number) => clock(instant) - instant;
  const found: number[] = [];
  const end = Date.UTC(year + 1, 0, 1);
  let before = offset(Date.UTC(year, 0, 1));
  for (let at = Date.UTC(year, 0, 1) + stepMs; at <= end; at += stepMs) {
    const now = offset(at);
    if (now === before) continue;
    let [low, high] = [at - stepMs, at];
    while (high - low > MINUTE) {
      const middle = low + Math.floor((high - low) / 2 / MINUTE) * MINUTE;
      if (offset(middle) === before) low = middle;
      else high = middle;
    }
    found.push(high);
    before = now;
  }
  return found;
}

/** One minute of a zone's clock: when it is, what it shows, and what it left out right before. */
export interface Minute {
  readonly instant: number;
  readonly wall: number;
  readonly left: readonly number[];
  /** It shows this for the second time; it will show it again. */
  readonly isSecond: boolean;
  readonly isFirst: boolean;
}

/** Every minute of two days around an instant, each looked at by itself. */
export function minutesAround(zone: string, middle: number): readonly Minute[] {
  const clock = wallClock(zone);
  const instants = Array.from({ length: 2 * 26 * 60 }, (_, n) => middle - 26 * HOUR + n * MINUTE);
  const walls = instants.map(clock);
  const places = new Map<number, number[]>();
  for (const [n, wall] of walls.entries()) places.set(wall, [...(places.get(wall) ?? []), n]);
  return instants.map((instant, n) => {
    const wall = walls[n]!;
    const all = places.get(wall)!;
    const left: number[] = [];
    if (n > 0) for (let one = walls[n - 1]! + MINUTE; one < wall; one += MINUTE) left.push(one);
    return { instant, wall, left, isSecond: all[0]! < n, isFirst: all.at(-1)! > n };
  });
}

interface Policy {
  readonly missing: "next" | "skip";
  readonly doubled: "first" | "second" | "both";
}

/** What a rule comes to in these minutes: `instant wall fold` of each run, and how many times were passed over. */
export function expected(minutes: readonly Minute[], fields: Fields, { missing, doubled }: Policy) {
  const runs: string[] = [];
  let [missed, twice] = [0, 0];
  for (const { instant, wall, left, isSecond, isFirst } of minutes) {
    const lost = left.filter((one) => matches(fields, one));
    const isOwn = matches(fields, wall);
    if (lost.length > 0 && missing === "next" && !isOwn) {
      runs.push(`${instant} ${lost[0]} 0`);
      missed += lost.length - 1;
    } else missed += lost.length;
    if (!isOwn) continue;
    if ((isSecond && doubled === "first") || (isFirst && doubled === "second")) twice += 1;
    else runs.push(`${instant} ${wall} ${isSecond ? 1 : 0}`);
  }
  return { runs, missed, twice };
}
