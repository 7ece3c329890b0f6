import {
  type Calendar,
  lastRun,
  type Nominal,
  nominalAt,
  type Passed,
  type Slot,
  slotAfter,
  slotsAfter,
} from "./slot.ts";
import type { SkipReason, TimedDefinition } from "./timed.ts";

/** Something that is written of a timed action: that an instant of its rule fires, waits, or is passed over. */
export interface Entry {
  readonly first: Nominal;
  /** The last of several. */
  readonly last: Nominal;
  /** Null: too many to be counted. */
  readonly count: number | null;
  readonly instant: number;
  /** When the last of several was due. */
  readonly untilInstant: number;
  readonly kind: "fired" | "queued" | "skipped";
  readonly reason: SkipReason | "catch_up" | null;
}

type Policies = Pick<TimedDefinition, "name" | "jitterMs" | "misfire" | "overlap">;

/** How a timed action stands when its instants are looked at. */
export interface TimedFacts {
  /** Until when everything is decided, in milliseconds since 1970. */
  readonly mark: number;
  /** By the database's clock. */
  readonly now: number;
  /** Why no occurrence can begin; null: one can. */
  readonly blocked: "overlap" | "quarantined" | null;
  /** Occurrences that wait. */
  readonly queued: number;
  /** All timed actions are switched off. */
  readonly isOff: boolean;
}

/** What is to be written, and until when everything is decided then. */
export interface DueDecision {
  readonly entries: readonly Entry[];
  readonly mark: number;
}

/** An instant is missed when nobody has looked for so long: whoever works looks far more often. */
export const LATE_MS = 10_000;
/** Entries of one decision; what is left is decided next. */
const MOST_ENTRIES = 500;
const MOST_COUNTED = 1_000;

/** How much later than its instant an occurrence begins: the same for whoever asks. */
export function jitterOf({ name, jitterMs }: Pick<Policies, "name" | "jitterMs">, { run }: Slot): number {
  if (jitterMs === 0 || run === undefined) return 0;
  // FNV-1a.
  let hash = 0x811c9dc5;
  for (const letter of `${name}/${run.wall}/${run.fold}`)
    hash = Math.imul(hash ^ letter.charCodeAt(0), 0x01000193) >>> 0;
  return hash % (jitterMs + 1);
}

/** When the next instant after the mark is to be looked at, and the instant itself; undefined: there is none. */
export function nextDue(calendar: Calendar, policies: Policies, mark: number) {
  const slot = slotAfter(calendar, mark);
  return slot && { instant: slot.instant, dueAt: slot.instant + jitterOf(policies, slot) };
}

/** What becomes of the instants that are due: each fires, waits, or is passed over for a reason, in their order. */
export function decideDue(calendar: Calendar, policies: Policies, facts: TimedFacts): DueDecision {
  const { now } = facts;
  const missedUntil = missed(calendar, policies, facts);
  const entries: Entry[] = passOver(calendar, facts.mark, missedUntil, "misfire").slice();
  let [mark, { blocked, queued }] = [Math.max(facts.mark, missedUntil), facts];
  for (const slot of slotsAfter(calendar, mark)) {
    const dueAt = slot.instant + jitterOf(policies, slot);
    if (dueAt > now || entries.length >= MOST_ENTRIES) break;
    entries.push(...slot.passed.map((passed) => calendarEntry(slot, passed)));
    if (slot.run !== undefined) {
      const isLate = dueAt < now - LATE_MS;
      const decided = decideRun(policies, { blocked, queued, isOff: facts.isOff, isLate });
      if (decided.kind === "fired") blocked = "overlap";
      if (decided.kind === "queued") queued += 1;
      entries.push({ ...single(slot.run, slot.instant), ...decided });
    }
    mark = slot.instant;
  }
  return { entries, mark };
}

/** What becomes of the one instant of a rule that counts from the end of the last occurrence. */
export function decideEnd(slot: Slot, policies: Policies, { now, ...facts }: TimedFacts): DueDecision {
  const lateMs = now - slot.instant;
  const entries = slot.passed.map((passed) => calendarEntry(slot, passed));
  if (slot.run === undefined) return { entries, mark: slot.instant };
  const isOver = lateMs > Math.max(LATE_MS, policies.misfire.withinMs);
  const decided = isOver
    ? ({ kind: "skipped", reason: "misfire" } as const)
    : decideRun(policies, { ...facts, isLate: lateMs > LATE_MS });
  return { entries: [{ ...single(slot.run, slot.instant), ...decided }], mark: slot.instant };
}

export const single = (nominal: Nominal, instant: number) => ({
  ...{ first: nominal, last: nominal, count: 1, instant, untilInstant: instant },
});

/** Until when what was missed is made up for no more. */
function missed(calendar: Calendar, { misfire, jitterMs }: Policies, { mark, now }: TimedFacts): number {
  const lateUntil = now - LATE_MS - jitterMs - 1;
  if (lateUntil <= mark) return mark;
  if (misfire.policy === "none") return lateUntil;
  const from = Math.max(mark, Math.min(lateUntil, now - misfire.withinMs));
  if (misfire.policy === "all") return from;
  const last = lastRun(calendar, from, lateUntil);
  return last === undefined ? lateUntil : last.instant - 1;
}

function decideRun(
  { misfire, overlap }: Policies,
  { blocked, queued, isOff, isLate }: Pick<TimedFacts, "blocked" | "queued" | "isOff"> & { readonly isLate: boolean },
): Pick<Entry, "kind" | "reason"> {
  const skipped = (reason: SkipReason) => ({ kind: "skipped", reason }) as const;
  if (isOff) return skipped("switched_off");
  if (isLate && misfire.policy === "none") return skipped("misfire");
  const reason = isLate ? "catch_up" : null;
  if (blocked === null) return { kind: "fired", reason };
  if (blocked === "quarantined") return skipped("quarantined");
  if (isLate && misfire.policy === "all") return { kind: "queued", reason };
  return overlap === "queue" && queued === 0 ? { kind: "queued", reason } : skipped("overlap");
}

function calendarEntry({ instant }: Slot, { first, last, count, reason }: Passed): Entry {
  return { first, last, count, instant, untilInstant: instant, kind: "skipped", reason };
}

/** Says of all instants in a stretch of time, its end included, that they were passed over: in one entry, or none. */
export function passOver(calendar: Calendar, after: number, until: number, reason: SkipReason): readonly Entry[] {
  let entry: (Entry & { readonly count: number }) | undefined;
  if (until <= after) return [];
  for (const slot of slotsAfter(calendar, after)) {
    if (slot.instant > until) break;
    const { first, last, count } = nominalsOf(slot);
    const before = entry ?? { first, instant: slot.instant, count: 0, kind: "skipped", reason };
    entry = { ...before, last, untilInstant: slot.instant, count: before.count + count };
    if (entry.count >= MOST_COUNTED)
      return [{ ...entry, last: nominalAt(calendar.zone, until), untilInstant: until, count: null }];
  }
  return entry === undefined ? [] : [entry];
}

/** Everything that a rule comes to at one instant. */
function nominalsOf({ run, passed }: Slot): {
  readonly first: Nominal;
  readonly last: Nominal;
  readonly count: number;
} {
  const all = [...passed.flatMap(({ first, last }) => [first, last]), ...(run === undefined ? [] : [run])];
  const count = passed.reduce((sum, one) => sum + one.count, run === undefined ? 0 : 1);
  const ordered = all.sort((a, b) => a.wall - b.wall);
  return { first: ordered[0]!, last: ordered.at(-1)!, count };
}
