import { z } from "zod";
import { type Exclusion, isExcluded } from "./exclusion.ts";
import { countsRealTime, type TimedRule, type WallRule } from "./rule.ts";
import type { Change, Zone } from "./zone.ts";

/** What is done about local times that the clocks skip, and those that they show twice. */
export const dstSchema = z.strictObject({
  /** `next`: it runs at the first instant after the missing hour, once however many times lie in it. `skip`: it does not run. Default `next`. */
  missing: z.enum(["next", "skip"]).default("next"),
  /** In which of the two it runs. Default `first`. */
  doubled: z.enum(["first", "second", "both"]).default("first"),
});
export type DstPolicy = z.output<typeof dstSchema>;

/** Why an instant of a rule is none by the calendar alone. */
export type CalendarReason = "missing_hour" | "doubled_hour" | "excluded";

/** A local time of a rule. `fold`: 1 when it is the second of two that the clocks show alike. */
export interface Nominal {
  readonly wall: number;
  readonly fold: 0 | 1;
}

/** Local times of a rule, one behind the other, at none of which it runs. */
export interface Passed {
  readonly first: Nominal;
  readonly last: Nominal;
  readonly count: number;
  readonly reason: CalendarReason;
}

/** An instant that a rule comes to. */
export interface Slot {
  /** Milliseconds since 1970. */
  readonly instant: number;
  /** The local time that it runs for; undefined: at this instant it does not run. */
  readonly run: Nominal | undefined;
  readonly passed: readonly Passed[];
}

/** Exclusions that mean the local time of a zone of their own. */
export interface SharedExclusions {
  readonly zone: Zone;
  readonly exclusions: readonly Exclusion[];
}

/** Everything by which an instant is excluded: its own local time, and what clocks elsewhere show. */
interface Excluding {
  readonly exclusions: readonly Exclusion[];
  readonly shared: readonly SharedExclusions[];
}

/** What the instants of a rule follow from. */
export interface Calendar extends Excluding {
  readonly rule: WallRule;
  readonly zone: Zone;
  readonly dst: DstPolicy;
}

const LATEST = Date.UTC(9999, 0, 1);
/** More than any two distances of local time from UTC differ. */
const FAR_MS = 27 * 3_600_000;
const REAL_TIME: DstPolicy = { missing: "skip", doubled: "both" };

/** What the instants of a timed action's rule follow from. */
export function calendarOf(
  rule: WallRule,
  definition: { rule: TimedRule; dst: DstPolicy; exclusions: readonly Exclusion[] },
  { zone, shared = [] }: { readonly zone: Zone; readonly shared?: readonly SharedExclusions[] },
): Calendar {
  const { rule: written, dst, exclusions } = definition;
  return { rule, zone, exclusions, shared, dst: countsRealTime(written) ? REAL_TIME : dst };
}

/**
 * The first instant after this one at which a rule has a local time, whether it runs then or not; undefined: there is none before
 * the year 9999. Between two changes of the clocks local time runs as real time does; at a change, what lies in the missing hour
 * falls together.
 */
export function slotAfter(calendar: Calendar, after: number): Slot | undefined {
  const { rule, zone } = calendar;
  for (let from = after; from < LATEST; ) {
    const { until, changes } = zone.around(from);
    const offset = zone.offsetAt(from);
    const change = changes.find(({ at }) => at > from);
    const wall = rule.after(from + offset);
    const instant = wall === null ? Number.POSITIVE_INFINITY : wall - offset;
    if (instant < (change?.at ?? until)) return slotAt(calendar, instant, wall!);
    if (change === undefined) {
      if (wall === null) return undefined;
      from = Math.max(until, instant - FAR_MS) - 1;
    } else {
      const slot = slotOfChange(calendar, change);
      if (slot !== undefined) return slot;
      from = change.at;
    }
  }
  return undefined;
}

/** The local time of an instant. */
export function nominalAt(zone: Zone, instant: number): Nominal {
  const wall = instant + zone.offsetAt(instant);
  const before = zone.around(instant).changes.findLast(({ at }) => at <= instant);
  // Shown before, up to the change that set the clocks back.
  return { wall, fold: before !== undefined && wall < before.at + before.before ? 1 : 0 };
}

/** An instant of a rule that counts from the end of the last occurrence. */
export function slotOfEnd({ zone, ...excluding }: Excluding & { readonly zone: Zone }, instant: number): Slot {
  return settled(excluding, { instant, run: nominalAt(zone, instant), passed: [] });
}

function slotAt(calendar: Calendar, instant: number, wall: number): Slot {
  const { zone, dst } = calendar;
  const { changes } = zone.around(instant);
  const next = changes.find(({ at }) => at > instant);
  const nominal = nominalAt(zone, instant);
  const isSecond = nominal.fold === 1;
  // Shown again after the change to come.
  const isFirst = !isSecond && next !== undefined && wall >= next.at + next.after;
  if ((isSecond && dst.doubled === "first") || (isFirst && dst.doubled === "second"))
    return { instant, run: undefined, passed: [alone(nominal, "doubled_hour")] };
  return settled(calendar, { instant, run: nominal, passed: [] });
}

/** What falls on the instant at which the clocks are set: its own local time, and those that were left out. */
function slotOfChange(calendar: Calendar, change: Change): Slot | undefined {
  const { at, before, after } = change;
  const own = calendar.rule.after(at + after - 1) === at + after ? slotAt(calendar, at, at + after) : undefined;
  const missing = left(calendar, at + before, at + after);
  const [first] = missing;
  if (first === undefined) return own;
  if (own !== undefined || calendar.dst.missing === "skip")
    return { instant: at, run: own?.run, passed: [...together(missing), ...(own?.passed ?? [])] };
  return settled(calendar, { instant: at, run: { wall: first, fold: 0 }, passed: together(missing.slice(1)) });
}

/** The local times of a rule in a missing hour. */
function left({ rule }: Calendar, from: number, until: number): readonly number[] {
  const walls: number[] = [];
  for (let wall = rule.after(from - 1); wall !== null && wall < until; wall = rule.after(wall)) walls.push(wall);
  return walls;
}

function together(walls: readonly number[]): readonly Passed[] {
  if (walls.length === 0) return [];
  const [first, last] = [walls[0]!, walls.at(-1)!];
  return [
    { first: { wall: first, fold: 0 }, last: { wall: last, fold: 0 }, count: walls.length, reason: "missing_hour" },
  ];
}

function settled({ exclusions, shared }: Excluding, slot: Slot & { readonly run: Nominal }): Slot {
  const isOut =
    isExcluded(exclusions, slot.run.wall) ||
    shared.some(({ zone, exclusions }) => isExcluded(exclusions, slot.instant + zone.offsetAt(slot.instant)));
  if (!isOut) return slot;
  return { ...slot, run: undefined, passed: [...slot.passed, alone(slot.run, "excluded")] };
}

const alone = (nominal: Nominal, reason: CalendarReason): Passed => ({
  first: nominal,
  last: nominal,
  count: 1,
  reason,
});

/** The instants of a rule, one after the other. */
export function* slotsAfter(calendar: Calendar, after: number): Generator<Slot> {
  for (let slot = slotAfter(calendar, after); slot !== undefined; slot = slotAfter(calendar, slot.instant)) yield slot;
}

/** How many instants a look ahead, or back, goes through before it gives up. */
const MOST_LOOKED_AT = 20_000;

/** The first instant of a rule after this one at which it runs; undefined: there is none as far as one looks. */
export function nextRun(calendar: Calendar, after: number): Slot | undefined {
  let looked = 0;
  for (const slot of slotsAfter(calendar, after)) {
    if (slot.run !== undefined) return slot;
    if (++looked > MOST_LOOKED_AT) break;
  }
  return undefined;
}

/** The last instant of a rule in a stretch of time, its end included, at which it runs; undefined: there is none in it. */
export function lastRun(calendar: Calendar, after: number, until: number): Slot | undefined {
  let looked = 0;
  // Looks back ever further, so that few instants lie between where it begins and the end.
  for (let back = 60_000; ; back *= 4) {
    const from = Math.max(after, until - back);
    let last: Slot | undefined;
    for (const slot of slotsAfter(calendar, from)) {
      if (slot.instant > until || ++looked > MOST_LOOKED_AT) break;
      if (slot.run !== undefined) last = slot;
    }
    if (last !== undefined || from === after || looked > MOST_LOOKED_AT) return last;
  }
}
