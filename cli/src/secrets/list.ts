import { openClient } from "../open-client.ts";
import { printList } from "../output.ts";
import type { Terminal } from "../terminal.ts";
import { SECRET_COLUMNS, USE_COLUMNS } from "./columns.ts";

const EMPTY = "There are no secrets. callsheet secrets put NAME --file FILE makes one.";

/** `secrets list` */
export async function listSecrets(terminal: Terminal): Promise<void> {
  await using client = await openClient(terminal);
  printList(terminal, { rows: await client.secrets.list(), columns: SECRET_COLUMNS, empty: EMPTY });
}

/** `secrets history` */
export async function listSecretUses(
  terminal: Terminal,
  name: string,
  options: { readonly limit?: number },
): Promise<void> {
  await using client = await openClient(terminal);
  printList(terminal, { rows: await client.secrets.history(name, options), columns: USE_COLUMNS, empty: "" });
}
