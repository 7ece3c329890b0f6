import type { Job, JobState } from "@callsheet/contract";
import { openClient } from "../open-client.ts";
import { printList } from "../output.ts";
import { inStateColour, stateName } from "../state-colour.ts";
import type { Column } from "../table.ts";
import type { Terminal } from "../terminal.ts";

interface ListFlags {
  readonly state?: string;
  readonly limit: number;
}

const COLUMNS: readonly Column<Job>[] = [
  { title: "Id", cell: ({ id }) => id },
  {
    title: "State",
    cell: ({ state }) => stateName(state),
    plain: ({ state }) => state,
    paint: (text, { state }) => inStateColour(state, text),
  },
  { title: "Action", cell: ({ action }) => action },
];

export async function listJobs(terminal: Terminal, { state, limit }: ListFlags): Promise<void> {
  await using client = await openClient(terminal);
  // What is no state is refused by the client.
  const states = state === undefined ? {} : { states: state.split(",") as JobState[] };
  const rows = await client.jobs.list({ limit, ...states });
  printList(terminal, { rows, columns: COLUMNS, empty: "There are no such jobs." });
}
