import type { HistoryEntry } from "@callsheet/contract";

/** A line of a job's history: what is not given did not happen, or nobody did it. */
export function anEntry(given: Partial<HistoryEntry> & Pick<HistoryEntry, "event" | "to" | "at">): HistoryEntry {
  return {
    ...{ jobId: "a job", seq: 1, from: null, via: [], attempt: null, token: null },
    ...{ node: null, actor: null, reason: null, data: null },
    ...given,
  };
}
