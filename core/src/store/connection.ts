import type { Session } from "./session.ts";
import type { Queryable, Rows, Statement } from "./statement.ts";

/** A connection of its own, on which statements are sent without waiting for the answers of those before. */
export interface Line extends Queryable {
  /** What the server knows it by. */
  readonly session: Session;
  /** Sends all statements as one transaction in one round trip; the answers in their order. */
  pipeline(statements: readonly Statement[]): Promise<readonly Rows<Record<string, unknown>>[]>;
  /** Runs work in one transaction; what it sends at once leaves together. Nothing else may be sent meanwhile. */
  transaction<T>(work: (tx: LineTransaction) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** A transaction on a line. */
export interface LineTransaction extends Queryable {
  /** Sends its last statements and the commit in one round trip: nothing more may be sent. The answers in their order. */
  last(statements: readonly Statement[]): Promise<readonly Rows<object>[]>;
}

/** A transaction that is under way. */
export interface Transaction extends Queryable {
  /** What the server knows its connection by. */
  readonly session: Session;
}

/** What is heard on a channel, and whom it is told. */
export interface Hearing {
  readonly channel: string;
  readonly onMessage: (payload: string) => void;
  /** The connection was lost; called once, and only by one that had begun to listen. */
  readonly onLoss: () => void;
}
