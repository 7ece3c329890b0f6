import type { GroupFilter } from "@callsheet/contract";
import { abbreviate } from "../job-id.ts";
import { namesOfTargets } from "../jobs/target-names.ts";
import { openClient } from "../open-client.ts";
import { printList } from "../output.ts";
import type { Terminal } from "../terminal.ts";
import { groupColumns } from "./columns.ts";

const EMPTY =
  "There are no such groups. One is made of each job whose target is a group: jobs create ACTION --target collection:NAME.";

export interface ListFlags extends Pick<GroupFilter, "action" | "after" | "limit"> {
  readonly open?: true;
  readonly unsettled?: true;
}

/** `groups list` */
export async function listGroups(terminal: Terminal, { open, unsettled, ...rest }: ListFlags): Promise<void> {
  await using client = await openClient(terminal);
  const filter = { ...rest, ...(open ? { isClosed: false } : {}), ...(unsettled ? { isSettled: false } : {}) };
  const rows = await client.groups.list(filter);
  const short = abbreviate(rows.map(({ id }) => id));
  const ids = new Map(rows.map(({ id }, at) => [id, short[at]!]));
  const nameOf = await namesOfTargets(client, rows);
  printList(terminal, { rows, columns: groupColumns(ids, nameOf), empty: EMPTY });
}
