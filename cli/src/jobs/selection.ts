import { type Job, type JobsClient, legalOperations, type Operation } from "@callsheet/contract";
import { confirm } from "../confirm.ts";
import { EXIT } from "../exit-code.ts";
import { failure, usageError } from "../failure.ts";
import { findId } from "../job-id.ts";
import { renderTable } from "../table.ts";
import type { Terminal } from "../terminal.ts";
import { jobColumns } from "./columns.ts";
import { allJobs, type FilterFlags, filterOf, hasFilter } from "./filter.ts";

/** What is to be done to jobs, for the question that is asked before. */
export interface Deed {
  readonly operation: Operation;
  /** As in "to be cancelled". */
  readonly past: string;
  /** Asked for also when the jobs are named. */
  readonly isFinal: boolean;
}

export interface SelectionFlags extends FilterFlags {
  readonly dryRun?: boolean;
}

interface Request {
  readonly ids: readonly string[];
  readonly flags: SelectionFlags;
  readonly deed: Deed;
}

const SAMPLE = 5;

/**
 * The jobs that are named, or those of a filter on which this can be done now. A filter, and what is final, asks first.
 * Empty after --dry-run.
 */
export async function selectIds(terminal: Terminal, jobs: JobsClient, request: Request): Promise<readonly string[]> {
  const { ids, flags, deed } = request;
  if (ids.length > 0 && hasFilter(flags)) {
    throw usageError("Jobs are named by their ids, or found by a filter, not both.", "Leave out the one or the other.");
  }
  if (ids.length === 0 && !hasFilter(flags)) {
    throw usageError("It is not said which jobs.", "Name ids, or a filter such as --state failed or --action NAME.");
  }
  const chosen = ids.length > 0 ? await named(jobs, ids) : await matching(terminal, jobs, request);
  if (ids.length === 0 || flags.dryRun) terminal.note(preview(terminal, chosen, deed));
  if (flags.dryRun) return [];
  if (ids.length === 0 || deed.isFinal) await confirm(terminal, question(chosen, deed), chosen.length);
  return chosen.map(({ id }) => id);
}

async function named(jobs: JobsClient, texts: readonly string[]): Promise<readonly Job[]> {
  const found: Job[] = [];
  for (const text of texts) found.push(await jobs.get(await findId(jobs, text)));
  return found;
}

async function matching(terminal: Terminal, jobs: JobsClient, { flags, deed }: Request): Promise<readonly Job[]> {
  const found = await allJobs(jobs, filterOf(flags), terminal.signal);
  const possible = found.filter(({ state, kind, rollback }) =>
    legalOperations(state, { kind, rollback }).includes(deed.operation),
  );
  if (possible.length > 0) return possible;
  const hint = "callsheet jobs list shows jobs and their states; it takes the same filters.";
  if (found.length === 0) throw failure("nothing_matches", "No job matches.", hint, EXIT.notFound);
  const message = `None of the ${found.length} jobs that match can be ${deed.past} now.`;
  throw failure("nothing_possible", message, hint, EXIT.conflict);
}

function preview(terminal: Terminal, jobs: readonly Job[], { past }: Deed): string {
  const sample = jobs.slice(0, SAMPLE);
  const columns = jobColumns(["id", "state", "action", "target", "owner"], { jobs: sample, now: new Date() });
  const more = jobs.length > SAMPLE ? `… and ${jobs.length - SAMPLE} more\n` : "";
  return `To be ${past}:\n${renderTable(columns, sample, terminal.width)}${more}`.trimEnd();
}

function question([first, ...others]: readonly Job[], { past, isFinal }: Deed): string {
  const which = others.length > 0 ? `${others.length + 1} jobs` : `${first!.action} ${first!.target?.id ?? first!.id}`;
  return `Shall ${which} be ${past}?${isFinal ? " That is final." : ""}`;
}
