import { confirm } from "../confirm.ts";
import { usageError } from "../failure.ts";
import { readText } from "../input-file.ts";
import { openClient } from "../open-client.ts";
import { printList } from "../output.ts";
import { printable } from "../printable.ts";
import type { Terminal } from "../terminal.ts";
import { SECRET_COLUMNS } from "./columns.ts";

interface PutFlags {
  readonly file: string;
  readonly actions?: readonly string[];
  readonly anyAction?: boolean;
}

/** `secrets put`. The value is never an argument: others could see it in the list of processes, and the shell keeps it. */
export async function putSecret(terminal: Terminal, name: string, { file, ...who }: PutFlags): Promise<void> {
  if (who.actions !== undefined && who.anyAction)
    throw usageError("It is said both that some and that all actions may use it.", "Say one of the two.");
  if (file === "-" && terminal.stdin.isTTY)
    throw usageError("What is typed here would be seen.", "Add --file FILE, or pipe the value in.");
  const value = (await readText(terminal, file)).replace(/\r?\n$/, "");
  const actions = who.anyAction ? null : who.actions;
  await using client = await openClient(terminal);
  const secret = await client.secrets.put(name, { value, ...(actions === undefined ? {} : { actions }) });
  printList(terminal, { rows: [secret], columns: SECRET_COLUMNS, empty: "" });
}

/** `secrets remove` */
export async function removeSecrets(terminal: Terminal, names: readonly string[]): Promise<void> {
  await confirm(terminal, `Shall ${names.join(", ")} be forgotten? Jobs that refer to it will fail.`, names.length);
  await using client = await openClient(terminal);
  for (const name of names) await client.secrets.remove(name);
  terminal.note(`Removed ${names.map(printable).join(", ")}.`);
}
