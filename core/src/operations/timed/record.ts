import { LATE_MS, type Slot, slotsAfter, type TimedActionRecord, wallText } from "@callsheet/contract";
import type { TimedFactsRow } from "../../store/check/timed.ts";
import type { Statements } from "../../store/store.ts";
import { calendarFor } from "./calendar.ts";

/** How far the checker looks back from a mark: as far as the rule has no more than so many instants. */
const BACK_MS = [30, 7, 1, 1 / 24, 1 / 288].map((days) => days * 86_400_000);
const MOST = 2_000;

/** Every timed action as the checker looks at it. */
export async function timedActionRecords(tx: Statements): Promise<readonly TimedActionRecord[]> {
  const records: TimedActionRecord[] = [];
  for (const row of await tx.timedToCheck()) {
    const { name, jitterMs } = row.definition;
    const { since, expected } = expectedOf(row);
    records.push({
      ...{
        what: "timedAction",
        name,
        mark: row.mark.getTime(),
        lateMs: LATE_MS + jitterMs,
        open: row.open,
        isIdle: row.isIdle,
      },
      ...{ occurrences: await tx.occurrencesToCheck(row.id, since), expected },
    });
  }
  return records;
}

function expectedOf(row: TimedFactsRow): {
  since: Date;
  expected: TimedActionRecord["expected"];
} {
  const { mark, ruledAt } = row;
  const calendar = calendarFor(row);
  for (const back of BACK_MS) {
    const since = Math.max(ruledAt.getTime(), mark.getTime() - back);
    const expected: TimedActionRecord["expected"][number][] = [];
    for (const slot of calendar === null ? [] : slotsAfter(calendar, since)) {
      if (slot.instant > mark.getTime() || expected.length > MOST) break;
      expected.push(...timesOf(slot));
    }
    if (expected.length <= MOST) return { since: new Date(since), expected };
  }
  return { since: mark, expected: [] };
}

/** The rule's times at one instant, each as it is told. */
function timesOf({ instant, run, passed }: Slot): TimedActionRecord["expected"] {
  const all = [...passed.map(({ first }) => first), ...(run === undefined ? [] : [run])];
  return all.map(({ wall, fold }) => ({ local: wallText(wall), fold, instant }));
}
