import { inBatches } from "../operations/batches.ts";
import { storableJson } from "../operations/configuration.ts";
import type { Report } from "../store/progress.ts";
import type { Attempt } from "./attempt.ts";
import type { Part } from "./part.ts";

/** What handlers say while they run: their progress, thinned out to the last word, and their log. */
export interface Words {
  /** Stores what these attempts have said since the last time. */
  store(attempts: readonly Attempt[]): Promise<void>;
}

export function createWords({ store, environment }: Part): Words {
  const storeProgress = async (attempts: readonly Attempt[]) => {
    const taken = attempts.flatMap((attempt) => {
      const { latest } = attempt;
      attempt.latest = undefined;
      return latest === undefined ? [] : [{ attempt, latest }];
    });
    if (taken.length === 0) return;
    try {
      const reports = taken.map(({ attempt: { claimed }, latest }) => ({
        ...latest,
        ...{ id: claimed.id, token: claimed.token, stats: storableStats(latest.stats) },
      }));
      const bytesOf = ({ message, stats }: Report) => Buffer.byteLength(message ?? "") + Buffer.byteLength(stats ?? "");
      for (const batch of inBatches(reports, bytesOf)) await store.putProgress(batch);
    } catch (error) {
      for (const { attempt, latest } of taken) attempt.latest ??= latest;
      throw error;
    }
  };

  const storeLines = async (attempts: readonly Attempt[]) => {
    const at = new Date(environment.now()).toISOString();
    const taken = attempts.flatMap((attempt) => {
      const { lines } = attempt;
      attempt.lines = undefined;
      return lines === undefined ? [] : [{ attempt, lines }];
    });
    if (taken.length === 0) return;
    try {
      const all = taken.flatMap(({ attempt, lines }) =>
        lines.map((line) => ({ id: attempt.job.id, attempt: attempt.attempt, at, ...line })),
      );
      // Should one of them fail, all are sent again: a line that is there is left as it is.
      for (const batch of inBatches(all, ({ message }) => Buffer.byteLength(message))) await store.putLogLines(batch);
    } catch (error) {
      for (const { attempt, lines } of taken) attempt.lines = [...lines, ...(attempt.lines ?? [])];
      throw error;
    }
  };

  return {
    store: async (attempts) => {
      // Nothing of a superseded attempt counts any more.
      const heard = attempts.filter((attempt) => !attempt.isSuperseded);
      await storeProgress(heard);
      await storeLines(heard);
    },
  };
}

/** Numbers that cannot be stored are left out: one handler's must not hold up the words of the others. */
function storableStats(stats: unknown): string | null {
  if (stats === null) return null;
  try {
    return storableJson(stats, "stats");
  } catch {
    return null;
  }
}
