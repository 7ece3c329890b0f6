import type { Job, JobFilter, JobState, JobsClient, RollbackState, Target } from "@callsheet/contract";

/** Which jobs a command is about. */
export interface FilterFlags {
  readonly state?: readonly string[];
  readonly action?: string;
  readonly owner?: string;
  readonly tag?: string;
  readonly target?: Target;
  /** The whole id of a group. */
  readonly parent?: string;
  readonly rollback?: RollbackState;
}

/** A filter of the flags. What is no state is refused by the client. */
export function filterOf({ state, action, owner, tag, target, parent, rollback }: FilterFlags): JobFilter {
  return {
    ...(state && { states: state.map((name) => name.replaceAll("-", "_") as JobState) }),
    ...(action !== undefined && { action }),
    ...(owner !== undefined && { owner }),
    ...(tag !== undefined && { tag }),
    ...(target && { target }),
    ...(parent !== undefined && { parentId: parent }),
    ...(rollback !== undefined && { rollback: rollback as NonNullable<JobFilter["rollback"]> }),
  };
}

export function hasFilter(flags: FilterFlags): boolean {
  return Object.keys(filterOf(flags)).length > 0;
}

const PAGE = 1_000;

/** All jobs that a filter holds for, newest first, page by page; stops when `signal` is aborted. */
export async function* pagesOf(
  jobs: JobsClient,
  filter: JobFilter,
  signal: AbortSignal,
): AsyncGenerator<readonly Job[], void> {
  let after: string | undefined;
  while (true) {
    signal.throwIfAborted();
    const page = await jobs.list({ ...filter, limit: PAGE, ...(after !== undefined && { after }) });
    if (page.length > 0) yield page;
    if (page.length < PAGE) return;
    after = page.at(-1)!.id;
  }
}

/** The same in one list. */
export async function allJobs(jobs: JobsClient, filter: JobFilter, signal: AbortSignal): Promise<readonly Job[]> {
  const found: Job[] = [];
  for await (const page of pagesOf(jobs, filter, signal)) found.push(...page);
  return found;
}
