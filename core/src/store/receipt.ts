import sql from "sql-template-tag";
import type { Database, Queryable } from "./database.ts";
import { isConnectionLoss } from "./failure.ts";
import { endSession, type Session } from "./session.ts";

/** How often a transaction begins anew whose connection was lost. */
const MOST_TRIES = 5;
/** How long what became of a lost one is asked for, while nobody answers, and after what pauses. */
const ASK_MS = 10_000;
const PAUSE_MS = 100;

/** What a transaction left behind right before its COMMIT. */
interface Sent<T> {
  readonly receipt: string;
  readonly result: T;
}

/**
 * Runs a transaction once, whatever becomes of its connection. Where the answer to COMMIT is lost, the session is ended, so that
 * nothing of it can happen any more, and its receipt is looked for: found, it is done; else it is done again. Nothing is
 * guessed: it fails with `database_lost` only where nobody could be asked for ten seconds, or for as long as it takes
 * (`asksForEver`) until this database is closed.
 */
export async function once<T>(
  db: Database,
  work: (tx: Queryable) => Promise<T>,
  { asksForEver = false }: { readonly asksForEver?: boolean } = {},
): Promise<T> {
  for (let tries = 1; ; tries++) {
    let session: Session | undefined;
    let sent: Sent<T> | undefined;
    try {
      return await db.transaction(async (tx) => {
        session = tx.session;
        const result = await work(tx);
        sent = { receipt: await leaveReceipt(tx), result };
        return result;
      });
    } catch (error) {
      if (!isConnectionLoss(error) || session === undefined) throw error;
      const lost = { session, receipt: sent?.receipt };
      const isDone = await ask(db, lost, asksForEver ? Number.POSITIVE_INFINITY : ASK_MS).catch((why: unknown) => {
        throw isConnectionLoss(why) ? error : why;
      });
      if (isDone) return sent!.result;
      if (tries === MOST_TRIES) throw error;
    }
  }
}

/** The number by which a transaction is recognised, stored with what it did. */
async function leaveReceipt(tx: Queryable): Promise<string> {
  const { rows } = await tx.query<{ id: string }>(sql`
    insert into callsheet.receipt (id) values (gen_random_uuid()) returning id`);
  return rows[0]!.id;
}

/** Whether what was sent on a lost connection was committed. From here on nothing of it can be. */
async function ask(
  db: Database,
  { session, receipt }: { readonly session: Session; readonly receipt: string | undefined },
  forMs: number,
): Promise<boolean> {
  const { clock } = db;
  const until = clock.monotonic() + forMs;
  for (;;) {
    try {
      await endSession(db, session);
      if (receipt === undefined) return false;
      const { rows } = await db.query(sql`select from callsheet.receipt where id = ${receipt}::uuid`);
      return rows.length > 0;
    } catch (error) {
      if (!isConnectionLoss(error) || clock.monotonic() >= until) throw error;
      await new Promise<void>((resolve) => void clock.timers.after(PAUSE_MS, resolve));
    }
  }
}

/** Nobody asks for a receipt that is a day old. */
export async function forgetReceipts(db: Queryable): Promise<void> {
  await db.query(sql`delete from callsheet.receipt where at < callsheet.now() - interval '1 day'`);
}
