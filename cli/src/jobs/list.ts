import type { Job, JobsClient } from "@callsheet/contract";
import { openClient } from "../open-client.ts";
import { printList } from "../output.ts";
import type { Terminal } from "../terminal.ts";
import { DEFAULT_COLUMNS, jobColumns, NARROW_COLUMNS } from "./columns.ts";
import { allJobs, type FilterFlags, filterOf, hasFilter, pagesOf } from "./filter.ts";
import { namesOfTargets } from "./target-names.ts";

interface ListFlags extends FilterFlags {
  readonly limit: number;
  readonly all?: boolean;
  readonly columns?: readonly string[];
}

type Print = (jobs: readonly Job[]) => Promise<void>;

const EMPTY = "There are no jobs yet. callsheet jobs create ACTION makes one; callsheet demo makes some and runs them.";
const NO_MATCH = "No job matches. callsheet jobs list without a filter shows the newest.";

/** `jobs list` */
export async function listJobs(terminal: Terminal, flags: ListFlags): Promise<void> {
  const names = flags.columns ?? (isNarrow(terminal) ? NARROW_COLUMNS : DEFAULT_COLUMNS);
  jobColumns(names, { jobs: [], now: new Date() });
  await using client = await openClient(terminal);
  const print: Print = async (jobs) => {
    // Programs read ids.
    const nameOf = terminal.format === "table" ? await namesOfTargets(client, jobs) : () => undefined;
    printList(terminal, {
      rows: jobs,
      columns: jobColumns(names, { jobs, now: new Date(), nameOf }),
      empty: hasFilter(flags) ? NO_MATCH : EMPTY,
    });
  };
  if (flags.all) return await printAll(terminal, client.jobs, flags, print);
  const found = await newest(client.jobs, flags, terminal.signal);
  await print(found.slice(0, flags.limit));
  if (found.length > flags.limit && terminal.format === "table") {
    terminal.note(`These are the newest ${flags.limit}; --limit or --all shows more.`);
  }
}

function isNarrow({ format, width }: Terminal): boolean {
  return format === "table" && width < 100;
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
async function printAll(terminal: Terminal, jobs: JobsClient, flags: ListFlags, print: Print): Promise<void> {
  if (terminal.format === "json" || terminal.format === "table") {
    return print(await allJobs(jobs, filterOf(flags), terminal.signal));
  }
  for await (const page of pagesOf(jobs, filterOf(flags), terminal.signal)) await print(page);
}
