import type { Invariant, Violation } from "./invariant.ts";
import type { OccurrenceFacts, TimedActionRecord } from "./record.ts";

/** Checks what is told of the instants of a timed action. */
export function checkTimedAction(timed: TimedActionRecord): readonly Violation[] {
  const ruled = timed.occurrences.filter(({ origin }) => origin === "rule");
  return [
    ...checkOnce(ruled),
    ...checkHoles(timed, ruled),
    ...ruled
      .filter(({ untilInstant }) => untilInstant > timed.mark)
      .map(({ until }) => violation("I48", `${until} is told, and lies behind the mark.`)),
    ...checkOpen(timed),
    ...ruled.flatMap((one) => checkMoment(timed, one)),
  ];
}

/** Instants that are told together hold none that is told by itself. */
function checkOnce(ruled: readonly OccurrenceFacts[]): readonly Violation[] {
  const found: Violation[] = [];
  let last: OccurrenceFacts | undefined;
  for (const one of ruled) {
    if (last !== undefined && one.instant < last.untilInstant)
      found.push(
        violation("I46", `${one.local} is told by itself, and among those from ${last.local} to ${last.until}.`),
      );
    if (last === undefined || one.untilInstant > last.untilInstant) last = one;
  }
  return found;
}

function checkHoles({ expected }: TimedActionRecord, ruled: readonly OccurrenceFacts[]): readonly Violation[] {
  const alone = new Set(ruled.map(({ local, fold }) => `${local}/${fold}`));
  const several = ruled.filter(({ local, until }) => local !== until);
  const isTold = ({ local, fold, instant }: TimedActionRecord["expected"][number]) =>
    alone.has(`${local}/${fold}`) || several.some((one) => one.instant <= instant && instant <= one.untilInstant);
  return expected.filter((one) => !isTold(one)).map(({ local }) => violation("I47", `Nothing is told of ${local}.`));
}

function checkOpen({ open, isIdle }: TimedActionRecord): readonly Violation[] {
  if (open > 1) return [violation("I49", `${open} occurrences are under way.`)];
  return open === 1 && isIdle ? [violation("I49", "Its job waits, and its last occurrence has not ended.")] : [];
}

function checkMoment(
  { lateMs }: TimedActionRecord,
  { local, instant, firedAt, reason, wasQueued }: OccurrenceFacts,
): readonly Violation[] {
  if (firedAt === null) return [];
  if (firedAt < instant) return [violation("I50", `${local} fired ${instant - firedAt} ms too early.`)];
  const isExcused = firedAt - instant <= lateMs || reason !== null || wasQueued;
  return isExcused ? [] : [violation("I50", `${local} fired ${firedAt - instant} ms late, and does not say why.`)];
}

const violation = (invariant: Invariant, message: string): Violation => ({ invariant, lines: [], message });
