import { storableJson } from "../operations/configuration.ts";
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
      await store.putProgress(
        taken.map(({ attempt: { claimed }, latest }) => ({
          ...latest,
          ...{ id: claimed.id, token: claimed.token, stats: storableStats(latest.stats) },
        })),
      );
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
      await store.putLogLines(
        taken.flatMap(({ attempt, lines }) =>
          lines.map((line) => ({ id: attempt.job.id, attempt: attempt.attempt, at, ...line })),
        ),
      );
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
