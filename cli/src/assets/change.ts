import type { Asset, AssetChange } from "@callsheet/contract";
import { type Assignment, assign } from "../assignment.ts";
import { confirm } from "../confirm.ts";
import { usageError } from "../failure.ts";
import { openClient } from "../open-client.ts";
import { printList } from "../output.ts";
import { printable } from "../printable.ts";
import type { Terminal } from "../terminal.ts";
import { ASSET_COLUMNS } from "./columns.ts";

interface SetFlags extends Pick<AssetChange, "name" | "root" | "path"> {
  readonly metadata?: readonly Assignment[];
}

/** `assets set` */
export async function setAsset(terminal: Terminal, id: string, { metadata, ...fields }: SetFlags): Promise<void> {
  const change = { ...fields, ...(metadata && { metadata: assign({}, metadata) as AssetChange["metadata"] }) };
  if (Object.keys(change).length === 0)
    throw usageError("Nothing is to be changed.", "Say what is: --name, --root, --path or --metadata.");
  await using client = await openClient(terminal);
  const asset = await client.assets.update(id, change as AssetChange);
  printList(terminal, { rows: [asset], columns: ASSET_COLUMNS, empty: "" });
}

interface TagFlags {
  readonly add?: readonly string[];
  readonly remove?: readonly string[];
}

/** `assets tag` */
export async function tagAssets(terminal: Terminal, ids: readonly string[], tags: TagFlags): Promise<void> {
  if (tags.add === undefined && tags.remove === undefined)
    throw usageError("Nothing is to be changed.", "Say which tag: --add TAG or --remove TAG.");
  await using client = await openClient(terminal);
  await client.assets.tag(ids, tags);
  const rows: Asset[] = [];
  for (const id of new Set(ids)) rows.push(await client.assets.get(id));
  printList(terminal, { rows, columns: ASSET_COLUMNS, empty: "" });
}

/** `assets delete` */
export async function deleteAssets(terminal: Terminal, ids: readonly string[]): Promise<void> {
  await using client = await openClient(terminal);
  const names: string[] = [];
  for (const id of ids) names.push((await client.assets.get(id)).name);
  const question = `Shall ${names.join(", ")} be taken out of the catalogue? The files stay.`;
  await confirm(terminal, question, ids.length);
  for (const id of ids) await client.assets.delete(id);
  terminal.note(`Deleted ${names.map(printable).join(", ")}.`);
}
