import type { TransactionClient } from "@callsheet/contract";
import type { Sql } from "sql-template-tag";
import type { Patience } from "./patience.ts";

/** One statement: its text and bound values, and a name when it is to be prepared once per connection. */
export interface Statement {
  readonly name?: string;
  readonly text: string;
  readonly values: readonly unknown[];
  /** How long its answer may take. Default: as its connection says. */
  readonly patience?: keyof Patience;
}

/** A statement that is asked again and again, by every node: it is prepared once per connection. */
export const prepared = (name: string, { text, values }: Sql): Statement => ({ name, text, values });

const SPECIAL = /["\\]/;

/** Texts as one value of an array type; the driver takes several times as long to write them. */
export function textArray(texts: readonly (string | null)[]): string {
  const written = texts.map((text) => {
    if (text === null) return "null";
    return `"${SPECIAL.test(text) ? text.replaceAll(/["\\]/g, "\\$&") : text}"`;
  });
  return `{${written.join()}}`;
}

export interface Rows<Row> {
  readonly rows: readonly Row[];
  readonly count: number;
}

/** Anything that runs a statement: the pool, a transaction, a connection of the caller's own. */
export interface Queryable {
  query<Row extends object>(statement: Statement | Sql): Promise<Rows<Row>>;
}

/** What a handler writes by in a transaction that the engine began. */
export function clientOf(tx: Queryable): TransactionClient {
  return {
    query: async <Row>(text: string, values: readonly unknown[] = []) => {
      const { rows, count } = await tx.query<Row & object>({ text, values });
      return { rows, rowCount: count };
    },
  };
}

/** Whether a statement can be run twice without changing anything: it only reads. */
export function isRead({ text }: Statement | Sql): boolean {
  return /^\s*(select|with)\b/i.test(text) && !/\b(insert|update|delete|merge)\b/i.test(text);
}
