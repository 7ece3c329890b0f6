import type { Attempt } from "./attempt.ts";
import { COMPLETED, endOfThrow, type HandlerEnd } from "./outcome.ts";
import type { Publication } from "./publication.ts";
import type { EngineLog } from "./service.ts";

export interface Concluding {
  /** Whether the attempt is still the one that counts, as the database says. */
  readonly isStanding: (attempt: Attempt) => Promise<boolean>;
  readonly log: EngineLog;
}

/** How an attempt ends whose handler has published something, or completes its job in a transaction. Never rejects. */
export async function lastEnd(attempt: Attempt, end: HandlerEnd, concluding: Concluding): Promise<HandlerEnd> {
  // Completed already: what the handler says of it counts no more.
  if (await attempt.completing) return COMPLETED;
  attempt.completing = undefined;
  const { publication } = attempt;
  return publication === undefined ? end : conclude(attempt, publication, end, concluding);
}

/**
 * Lets what an attempt published appear when its handler ended well and its token stands, and removes it otherwise. Answers
 * how the attempt ends. Never rejects.
 */
async function conclude(
  attempt: Attempt,
  publication: Publication,
  end: HandlerEnd,
  { isStanding, log }: Concluding,
): Promise<HandlerEnd> {
  const discard = () => publication.discard().catch((error: unknown) => log.error("publication", error));
  if (end.ending.kind !== "completed" && end.ending.kind !== "partial") {
    await discard();
    return end;
  }
  try {
    if (!attempt.isSuperseded && !(await isStanding(attempt))) attempt.supersede();
    if (attempt.isSuperseded) await discard();
    else await publication.appear();
    return end;
  } catch (error) {
    await discard();
    return endOfThrow(error);
  }
}
