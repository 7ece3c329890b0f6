import { tookOf, waitedOf } from "./job-look.ts";
import type { ReportJob } from "./report-data.ts";

/** What the attempts of one action took together, in milliseconds. */
export interface TimeSpent {
  readonly action: string;
  readonly attempts: number;
  readonly waitedMs: number;
  readonly ranMs: number;
  readonly longestMs: number;
}

/** Where the time went, by action, the longest running first. */
export function timeSpent(jobs: readonly ReportJob[]): readonly TimeSpent[] {
  const spent = new Map<string, TimeSpent>();
  for (const { action, attempts } of jobs) {
    for (const attempt of attempts) {
      const { attempts: count, waitedMs, ranMs, longestMs } = spent.get(action) ?? NOTHING;
      const took = tookOf(attempt) ?? 0;
      spent.set(action, {
        action,
        attempts: count + 1,
        waitedMs: waitedMs + waitedOf(attempt),
        ranMs: ranMs + took,
        longestMs: Math.max(longestMs, took),
      });
    }
  }
  return [...spent.values()].sort((one, other) => other.ranMs - one.ranMs);
}

const NOTHING: Omit<TimeSpent, "action"> = { attempts: 0, waitedMs: 0, ranMs: 0, longestMs: 0 };

/** How much of the time that the slots had was used, 0 to 1. */
export function slotUse(spent: readonly TimeSpent[], slots: number, lengthMs: number): number {
  const ran = spent.reduce((sum, { ranMs }) => sum + ranMs, 0);
  return lengthMs <= 0 ? 0 : Math.min(ran / (slots * lengthMs), 1);
}
