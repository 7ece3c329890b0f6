import type { CallsheetClient, Member } from "@callsheet/contract";
import { confirm } from "../confirm.ts";
import { usageError } from "../failure.ts";
import { openClient } from "../open-client.ts";
import { printList } from "../output.ts";
import { printable } from "../printable.ts";
import type { Terminal } from "../terminal.ts";
import { COLLECTION_COLUMNS } from "./columns.ts";

/** `collections create` */
export async function create(terminal: Terminal, name: string, members: readonly string[]): Promise<void> {
  await using client = await openClient(terminal);
  const made = await client.collections.create(name, await readMembers(client, members));
  printList(terminal, { rows: [made], columns: COLLECTION_COLUMNS, empty: "" });
}

/** `collections rename` */
export async function rename(terminal: Terminal, old: string, name: string): Promise<void> {
  await using client = await openClient(terminal);
  const renamed = await client.collections.rename(old, name);
  printList(terminal, { rows: [renamed], columns: COLLECTION_COLUMNS, empty: "" });
}

/** `collections add` */
export async function addTo(terminal: Terminal, name: string, members: readonly string[]): Promise<void> {
  await using client = await openClient(terminal);
  await client.collections.add(name, await readMembers(client, members));
  printList(terminal, { rows: [await client.collections.get(name)], columns: COLLECTION_COLUMNS, empty: "" });
}

/** `collections remove` */
export async function removeFrom(terminal: Terminal, name: string, members: readonly string[]): Promise<void> {
  await using client = await openClient(terminal);
  await client.collections.remove(name, await readMembers(client, members));
  printList(terminal, { rows: [await client.collections.get(name)], columns: COLLECTION_COLUMNS, empty: "" });
}

/** `collections delete` */
export async function deleteAll(terminal: Terminal, names: readonly string[]): Promise<void> {
  await using client = await openClient(terminal);
  for (const name of names) await client.collections.get(name);
  await confirm(terminal, `Shall ${names.join(", ")} be deleted? What is in it stays.`, names.length);
  for (const name of names) await client.collections.delete(name);
  terminal.note(`Deleted ${names.map(printable).join(", ")}.`);
}

/** Members as they are written: `asset:ID`, `collection:NAME`. */
async function readMembers({ collections }: CallsheetClient, texts: readonly string[]): Promise<readonly Member[]> {
  const members: Member[] = [];
  for (const text of texts) {
    const [, type, id] = /^(asset|collection):(.+)$/s.exec(text) ?? [];
    if (type === undefined || id === undefined)
      throw usageError(`"${text}" is no member.`, "Write asset:ID, or collection:NAME.");
    members.push(type === "asset" ? { type, id } : { type: "collection", id: (await collections.get(id)).id });
  }
  return members;
}
