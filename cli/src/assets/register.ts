import { resolve } from "node:path";
import type { RegisterOptions, Registration } from "@callsheet/contract";
import { counted } from "../counted.ts";
import { settleRoots } from "../node/media-roots.ts";
import { openClient } from "../open-client.ts";
import { printOne } from "../output.ts";
import { printable } from "../printable.ts";
import type { Terminal } from "../terminal.ts";

interface RegisterFlags extends Pick<RegisterOptions, "match" | "recursive" | "collection" | "nested"> {
  readonly media?: readonly string[];
  readonly tag?: readonly string[];
}

/** `assets register` */
export async function registerFolder(terminal: Terminal, folder: string, flags: RegisterFlags): Promise<void> {
  const { media, tag, ...options } = flags;
  await settleRoots(media === undefined ? {} : { media }, terminal.variables);
  await using client = await openClient(terminal);
  const done = await client.assets.register(resolve(folder), { ...options, ...(tag && { tags: tag }) });
  printOne(terminal, done, () => doneText(done, options.collection));
  for (const { path, why } of done.skipped) terminal.note(`Passed over ${printable(path)}: ${why}.`);
  const more = done.skippedCount - done.skipped.length;
  if (more > 0) terminal.note(`And ${more} more.`);
}

function doneText({ created, known, root, collectionId }: Registration, collection = ""): string {
  const there = known === 0 ? "" : `; ${known} ${known === 1 ? "was" : "were"} there`;
  const gathered = collectionId === null ? "" : ` Collection ${printable(collection)}, ${collectionId}.`;
  return `Catalogued ${counted(created, "file")} of media root ${root}${there}.${gathered}\n`;
}
