import type { Job, JobsClient } from "@callsheet/contract";
import { openClient } from "../open-client.ts";
import { printList } from "../output.ts";
import type { Terminal } from "../terminal.ts";
import { DEFAULT_COLUMNS, jobColumns } from "./columns.ts";
import { allJobs, type FilterFlags, filterOf, hasFilter, pagesOf } from "./filter.ts";

interface ListFlags extends FilterFlags {
  readonly limit: number;
  readonly all?: boolean;
  readonly columns?: readonly string[];
}

const EMPTY = "There are no jobs yet. callsheet jobs create ACTION makes one; callsheet demo makes some and runs them.";
const NO_MATCH = "No job matches. callsheet jobs list without a filter shows the newest.";

/** `jobs list` */
export async function listJobs(terminal: Terminal, flags: ListFlags): Promise<void> {
  const names = flags.columns ?? DEFAULT_COLUMNS;
  const print = (jobs: readonly Job[]) =>
    printList(terminal, {
      rows: jobs,
      columns: jobColumns(names, { jobs, now: new Date() }),
      empty: hasFilter(flags) ? NO_MATCH : EMPTY,
    });
  jobColumns(names, { jobs: [], now: new Date() });
  await using client = await openClient(terminal);
  if (flags.all) return await printAll(terminal, client.jobs, flags, print);
  const found = await newest(client.jobs, flags, terminal.signal);
  print(found.slice(0, flags.limit));
  if (found.length > flags.limit && terminal.format === "table") {
    terminal.note(`These are the newest ${flags.limit}; --limit or --all shows more.`);
  }
}

/** One more than is asked for, to know whether there are more. */
async function newest(jobs: JobsClient, flags: ListFlags, signal: AbortSignal): Promise<readonly Job[]> {
  if (flags.limit < 1_000) return jobs.list({ ...filterOf(flags), limit: flags.limit + 1 });
  const found: Job[] = [];
  for await (const page of pagesOf(jobs, filterOf(flags), signal)) {
    found.push(...page);
    if (found.length > flags.limit) break;
  }
  return found;
}

/** What can be printed page by page is not held in memory. */
async function printAll(
  terminal: Terminal,
  jobs: JobsClient,
  flags: ListFlags,
  print: (jobs: readonly Job[]) => void,
): Promise<void> {
  if (terminal.format === "json" || terminal.format === "table") {
    return print(await allJobs(jobs, filterOf(flags), terminal.signal));
  }
  for await (const page of pagesOf(jobs, filterOf(flags), terminal.signal)) print(page);
}
