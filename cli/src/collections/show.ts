import type { Asset } from "@callsheet/contract";
import { ASSET_COLUMNS } from "../assets/columns.ts";
import { openClient } from "../open-client.ts";
import { printList } from "../output.ts";
import type { Terminal } from "../terminal.ts";
import { MEMBER_COLUMNS } from "./columns.ts";

interface ShowFlags {
  readonly flat?: boolean;
  readonly limit: number;
  readonly after?: number;
}

const EMPTY = "It holds nothing. callsheet collections add NAME asset:ID adds an asset.";

/** `collections show` */
export async function showCollection(terminal: Terminal, name: string, flags: ShowFlags): Promise<void> {
  const { flat, limit, after } = flags;
  await using client = await openClient(terminal);
  if (flat) {
    const rows: Asset[] = [];
    for await (const asset of client.collections.assets(name)) {
      terminal.signal.throwIfAborted();
      if (rows.push(asset) === limit) break;
    }
    return printList(terminal, { rows, columns: ASSET_COLUMNS, empty: EMPTY });
  }
  const page = { limit: Math.min(limit, 1_000), ...(after !== undefined && { after }) };
  printList(terminal, { rows: await client.collections.members(name, page), columns: MEMBER_COLUMNS, empty: EMPTY });
}
