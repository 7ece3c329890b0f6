import type { LockedObject } from "@callsheet/contract";
import { formatDuration } from "../amount.ts";
import { colours } from "../colours.ts";
import { findId } from "../job-id.ts";
import { openClient } from "../open-client.ts";
import { printList } from "../output.ts";
import type { Column } from "../table.ts";
import type { Terminal } from "../terminal.ts";

interface ListFlags {
  readonly waiting?: true;
  readonly quarantined?: true;
  readonly job?: string;
  readonly limit?: number;
  readonly after?: string;
}

/** `locks list` */
export async function listLocks(terminal: Terminal, { job, ...filter }: ListFlags): Promise<void> {
  await using client = await openClient(terminal);
  const jobId = job === undefined ? {} : { jobId: await findId(client.jobs, job) };
  const rows = await client.locks.list({ ...filter, ...jobId });
  printList(terminal, { rows, columns: lockColumns(new Date()), empty: "No object is locked." });
}

function lockColumns(now: Date): readonly Column<LockedObject>[] {
  const age = (since: Date | undefined) => (since ? formatDuration(Math.max(0, now.getTime() - since.getTime())) : "");
  return [
    { title: "Object", cell: ({ key }) => key, shorten: "middle" },
    { title: "Held by", cell: holderText, plain: ({ holders }) => holders.map(({ jobId }) => jobId).join(",") },
    { title: "For", cell: ({ holders }) => age(holders[0]?.since), align: "right" },
    { title: "Waiting", cell: ({ waitingCount }) => (waitingCount === 0 ? "" : String(waitingCount)), align: "right" },
    { title: "Longest", cell: ({ waiting }) => age(waiting[0]?.since), align: "right" },
    {
      title: "Quarantine",
      cell: ({ quarantine }) => (quarantine === null ? "" : (quarantine.reason ?? `by ${quarantine.actor}`)),
      paint: (text) => colours.red(text),
      shorten: "end",
    },
  ];
}

function holderText({ holders }: LockedObject): string {
  const [first, ...others] = holders;
  if (first === undefined) return "";
  return others.length === 0 ? first.jobId : `${first.jobId} and ${others.length} more`;
}
