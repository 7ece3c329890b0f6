import type { Departure } from "../../store/elsewhere.ts";
import type { Store } from "../../store/store.ts";
import { type Ender, type EndResult, endWithin } from "../end.ts";

/** An attempt whose handler has returned, and whose work goes on elsewhere. */
export interface Departing extends Departure {
  /** It is a member of its claim, as far as the node knows. */
  readonly isMember: boolean;
}

/**
 * Lets an attempt live elsewhere, whatever becomes of its node from here on. Answers what that led to, where its end had been
 * said before; undefined: it was superseded.
 */
export async function depart(
  store: Store,
  { isMember, ...departure }: Departing,
  ender: Ender,
): Promise<Partial<EndResult> | undefined> {
  const { id, token, handle } = departure;
  return store.freeing(
    async (tx, free) => {
      if (isMember) await tx.anchorMembers(token, [id]);
      await tx.anchorRows(token, [id]);
      const [job] = await tx.lockAttempts([departure]);
      if (job === undefined || job.rollback === "required") return undefined;
      const isQueued = job.data !== null;
      const word = isQueued ? { ending: OF_A_QUEUE } : await tx.enterElsewhere(departure);
      if (word !== null) return endWithin(tx, free, [{ id, token, isMember: false, ...word }], ender);
      await tx.note({ id, event: "elsewhere", actor: null, reason: null, data: `{"handle":${handle}}` });
      await tx.leaveNode(id);
      return {};
    },
    { asksForEver: true },
  );
}

const OF_A_QUEUE = {
  kind: "failed",
  error: { code: "wrong_state", message: "The work of a queue job does not go on elsewhere." },
} as const;
