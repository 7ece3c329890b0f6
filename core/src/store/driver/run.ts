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
  { place, patience, usual }: Manner,
  statement: Statement | Sql,
): Promise<Rows<Row>> {
  const { name, text, values, patience: own = usual } = statement as Statement;
  const named = name === undefined ? {} : { name };
  try {
    const { rows, rowCount } = await client.ask({ ...named, text: place(text), values: [...values] }, patience[own]);
    return { rows, count: rowCount ?? 0 };
  } catch (error) {
    throw serverFailure(error);
  }
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
