import { callsheetError, type TransactionClient } from "@callsheet/contract";
import { storableJson } from "../operations/configuration.ts";
import { type EndedAttempt, type EndResult, endWithin } from "../operations/end.ts";
import { insist } from "../operations/operate.ts";
import type { Attempt } from "./attempt.ts";
import type { Part } from "./part.ts";
import { redactJson } from "./secrets/redact-end.ts";

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
  const end = await insist(() =>
    store.freeing(
      async (tx, free, client) => {
        value = await writeBy(write, client);
        const ended = endedWith(attempt, value);
        if (ended.isMember) await tx.anchorMembers(token, [id]);
        if ((await tx.lockAttempts([ended])).length === 0) throw stale(id);
        await attempt.publication?.appear();
        return endWithin(tx, free, [ended], { catalogue, random: environment.random });
      },
      // A handler that heard of a failure would go on, with a job that has completed.
      { asksForEver: true },
    ),
  ).catch((error: unknown) => {
    throw error instanceof OwnFailure ? error.thrown : error;
  });
  return { end, value: value as Result };
}

function endedWith({ claimed: { id, token, ordinal }, redactor }: Attempt, value: unknown): EndedAttempt {
  const text = value === undefined || value === null ? undefined : storableJson(value, "The result");
  const result = text === undefined ? {} : { result: redactor ? redactJson(redactor, text) : text };
  return { id, token, isMember: ordinal > 0, ending: { kind: "completed" }, ...result };
}

/** What a handler threw while the database answered: it may read like a lost connection, and is none of ours. */
class OwnFailure extends Error {
  readonly thrown: unknown;

  constructor(thrown: unknown) {
    super("A handler failed in its transaction.");
    this.thrown = thrown;
  }
}

/** Lets a handler write, who may neither end the transaction by hand, nor write in it when it is over. */
async function writeBy<Result>(
  write: (client: TransactionClient) => Promise<Result>,
  client: TransactionClient,
): Promise<Result> {
  let [isOpen, hasFailed] = [true, false];
  const query: TransactionClient["query"] = async (text, values = []) => {
    if (!isOpen) throw callsheetError("wrong_state", "The transaction is over.");
    if (ENDS.test(text))
      throw callsheetError("invalid_argument", "The engine begins and ends the transaction.", { field: "text" });
    try {
      return await client.query(text, values);
    } catch (error) {
      hasFailed = true;
      throw error;
    }
  };
  try {
    return await write({ query });
  } catch (error) {
    throw hasFailed ? error : new OwnFailure(error);
  } finally {
    isOpen = false;
  }
}

function stale(id: string) {
  return callsheetError("stale_attempt", `Another attempt of job ${id} has taken over.`, { id });
}
