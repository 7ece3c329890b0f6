import type { OccurrenceOutcome } from "@callsheet/contract";

/** An outcome as it is stored, beside when the occurrence ended. */
export type StoredOutcome = Omit<OccurrenceOutcome, "startedAt" | "endedAt"> & { readonly startedAt: string | null };

/** How an occurrence ended; null: it has not, or there was none. */
export function outcomeOf(last: StoredOutcome | null, endedAt: Date | null): OccurrenceOutcome | null {
  if (last === null || endedAt === null) return null;
  const { startedAt, ...rest } = last;
  return { ...rest, endedAt, startedAt: startedAt === null ? null : new Date(startedAt) };
}
