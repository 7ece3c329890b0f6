import type { Sql } from "sql-template-tag";
import { serverFailure } from "../failure.ts";
import type { Patience } from "../patience.ts";
import type { Rows, Statement } from "../statement.ts";
import type { Client } from "./client.ts";

/** How statements are run: where the schema's name is put in, and how long an answer may take unless they say so. */
export interface Manner {
  readonly place: (text: string) => string;
  readonly patience: Patience;
  readonly usual: keyof Patience;
}

/** Runs a statement on a connection of ours. A lost connection is named `database_lost`. */
export async function run<Row extends object>(
  client: Client,
  manner: Manner,
  statement: Statement | Sql,
): Promise<Rows<Row>> {
  try {
    const { rows, rowCount } = await send(client, manner, statement);
    return { rows, count: rowCount ?? 0 };
  } catch (error) {
    throw serverFailure(error);
  }
}

/** Sends a statement; answers, and fails, as pg does. */
export function send(client: Client, { place, patience, usual }: Manner, statement: Statement | Sql) {
  const { name, text, values, patience: own = usual } = statement as Statement;
  return client.ask({ name, text: place(text), values }, patience[own]);
}

/** Puts the schema's name in place of `callsheet.`; texts are few and constant, so each is rewritten once. */
export function placeIn(schema: string): (text: string) => string {
  if (schema === "callsheet") return (text) => text;
  const known = new Map<string, string>();
  return (text) => {
    let placed = known.get(text);
    if (placed === undefined) {
      placed = text.replaceAll("callsheet.", `${schema}.`);
      known.set(text, placed);
    }
    return placed;
  };
}
