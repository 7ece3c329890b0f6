import type { AssetFilter } from "@callsheet/contract";
import { openClient } from "../open-client.ts";
import { printList } from "../output.ts";
import type { Terminal } from "../terminal.ts";
import { ASSET_COLUMNS } from "./columns.ts";

interface ListFlags extends Omit<AssetFilter, "hasFacts"> {
  readonly facts?: "yes" | "no";
  readonly limit: number;
}

const EMPTY = "There is no such asset. callsheet assets register FOLDER puts the files of a folder in the catalogue.";

/** `assets list` */
export async function listAssets(terminal: Terminal, { facts, limit, ...filter }: ListFlags): Promise<void> {
  await using client = await openClient(terminal);
  const hasFacts = facts === undefined ? {} : { hasFacts: facts === "yes" };
  const found = await client.assets.list({ ...filter, ...hasFacts, limit: Math.min(limit + 1, 1_000) });
  const rows = found.slice(0, limit);
  printList(terminal, { rows, columns: ASSET_COLUMNS, empty: EMPTY });
  if (found.length > rows.length && terminal.format === "table")
    terminal.note(`These are the newest ${limit}; --after ${rows.at(-1)!.id} shows the next.`);
}
