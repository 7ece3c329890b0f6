import { callsheetError, type TransactionClient } from "@callsheet/contract";
import { storableJson } from "../operations/configuration.ts";
import { type EndedAttempt, type EndResult, endWithin } from "../operations/end.ts";
import { insist } from "../operations/operate.ts";
import { isConnectionLoss } from "../store/failure.ts";
import type { Attempt } from "./attempt.ts";
import type { Part } from "./part.ts";
import { redactJson } from "./secrets/redact-end.ts";
import { whileAway } from "./while-away.ts";

const NOTHING: EndResult = { changed: [], pools: [], refused: [], leftJournals: false };
const ENDS =
  /^\s*(begin|start\s+transaction|commit|end|abort|rollback(?!\s+(work\s+|transaction\s+)?to)|prepare\s+transaction)\b/i;

/**
 * Completes an attempt in the transaction in which a handler writes. What was published appears just before. Answers what the
 * end led to, and what the handler answered.
 */
export async function completeWithin<Result>(
  part: Part,
  attempt: Attempt,
  write: (client: TransactionClient) => Promise<Result>,
): Promise<{ readonly end: EndResult; readonly value: Result }> {
  const { store, catalogue, environment } = part;
  const { id, token } = attempt.claimed;
  let value: Result | undefined;
  try {
    const end = await insist(() =>
      store.freeing(async (tx, free, client) => {
        const guarded = guard(client);
        value = await write(guarded.client).finally(guarded.close);
        const ended = endedWith(attempt, value);
        if (ended.isMember) await tx.anchorMembers(token, [id]);
        if ((await tx.lockAttempts([ended])).length === 0) throw stale(id);
        await attempt.publication?.appear();
        return endWithin(tx, free, [ended], { catalogue, random: environment.random });
      }),
    );
    return { end, value: value as Result };
  } catch (error) {
    if (!isConnectionLoss(error)) throw error;
    // The answer to COMMIT may be what was lost.
    const isStored = await whileAway(part, "transaction", () => store.hasCompleted(id, token));
    if (!isStored) throw error;
    return { end: NOTHING, value: value as Result };
  }
}

function endedWith({ claimed: { id, token, ordinal }, redactor }: Attempt, value: unknown): EndedAttempt {
  const text = value === undefined || value === null ? undefined : storableJson(value, "The result");
  const result = text === undefined ? {} : { result: redactor ? redactJson(redactor, text) : text };
  return { id, token, isMember: ordinal > 0, ending: { kind: "completed" }, ...result };
}

/** Lets nobody end the transaction by hand, or write in it when it is over. */
function guard(client: TransactionClient): { readonly client: TransactionClient; readonly close: () => void } {
  let isOpen = true;
  return {
    client: {
      query: async (text, values = []) => {
        if (!isOpen) throw callsheetError("wrong_state", "The transaction is over.");
        if (ENDS.test(text))
          throw callsheetError("invalid_argument", "The engine begins and ends the transaction.", { field: "text" });
        return client.query(text, values);
      },
    },
    close: () => {
      isOpen = false;
    },
  };
}

function stale(id: string) {
  return callsheetError("stale_attempt", `Another attempt of job ${id} has taken over.`, { id });
}
