import { callsheetError } from "@callsheet/contract/errors";
import type { Line, LineTransaction } from "../connection.ts";
import { serverFailure } from "../failure.ts";
import type { Rows, Statement } from "../statement.ts";
import type { Ahead } from "./ahead.ts";
import type { Client, ClientConfig } from "./client.ts";
import { reach } from "./reach.ts";
import { type Manner, run, send } from "./run.ts";

export const BEGIN: Statement = { text: "begin", values: [] };
export const COMMIT: Statement = { text: "commit", values: [] };

const ROLLBACK: Statement = { text: "rollback", values: [] };

/** After an error inside a pipelined transaction COMMIT answers ROLLBACK without an error of its own. */
function requireCommit(command: string | undefined): void {
  if (command !== "COMMIT") throw callsheetError("database_lost", "The transaction was rolled back by the server.");
}

export async function openLine(
  ahead: Ahead,
  config: ClientConfig,
  manner: Manner,
  onError: (error: Error) => void,
): Promise<Line> {
  const client = await reach(config, async () => {
    const one = await ahead.client(config);
    one.on("error", onError);
    await one.connect();
    return one;
  });
  const query: Line["query"] = (statement) => run(client, manner, statement);
  return {
    session: client.session!,
    query,
    transaction: (work) => transact(client, manner, work),
    pipeline: async (statements) => {
      if (statements.length === 1) return [await run(client, manner, statements[0]!)];
      const all = [BEGIN, ...statements, COMMIT];
      const sent = client.together(() => all.map((statement) => send(client, manner, statement)));
      const answers = await Promise.allSettled(sent);
      const failed = answers.find((answer) => answer.status === "rejected");
      if (failed) throw serverFailure(failed.reason);
      const done = answers.map((answer) => (answer as PromiseFulfilledResult<Awaited<ReturnType<typeof send>>>).value);
      requireCommit(done.at(-1)?.command);
      return done.slice(1, -1).map((answer) => ({ rows: answer.rows, count: answer.rowCount ?? 0 }));
    },
    close: () => client.end(),
  };
}

async function transact<T>(client: Client, manner: Manner, work: (tx: LineTransaction) => Promise<T>): Promise<T> {
  const query: Line["query"] = (statement) => run(client, manner, statement);
  let first: unknown;
  const told = <Row extends object>(statement: Parameters<typeof query>[0]) =>
    query<Row>(statement).catch((error: unknown) => {
      first ??= error;
      throw error;
    });
  const commit = async () => {
    const { command } = await send(client, manner, COMMIT).catch((error: unknown) =>
      Promise.reject(serverFailure(error)),
    );
    requireCommit(command);
  };
  let isCommitted = false;
  const last: LineTransaction["last"] = async (statements) => {
    isCommitted = true;
    const sent = client.together(() => [...statements.map((statement) => told<object>(statement)), commit()]);
    const answers = await Promise.allSettled(sent);
    const failed = answers.find((answer) => answer.status === "rejected");
    if (failed) throw failed.reason;
    return answers.slice(0, -1).map((answer) => (answer as PromiseFulfilledResult<Rows<object>>).value);
  };
  // Leaves together with what the work sends at once. Should it fail, that fails too.
  const [begun, working] = client.together(() => [query(BEGIN), work({ query: told, last })] as const);
  begun.catch(() => {});
  let result: T;
  try {
    result = await working;
    await begun;
  } catch (error) {
    await query(ROLLBACK).catch(() => {});
    // Of statements that were sent together the first that failed says why; those behind it only that one did.
    throw first ?? error;
  }
  if (!isCommitted) await commit();
  return result;
}
