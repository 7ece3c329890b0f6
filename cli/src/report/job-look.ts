import type { ReportAttempt, ReportJob } from "./report-data.ts";

/** How an attempt ended, in words. */
export function endingOf({ state, overranAt }: Pick<ReportAttempt, "state" | "overranAt">): string {
  const word = state === "retrying" ? "failed" : state.replaceAll("_", " ");
  return overranAt === null ? word : `${word}, over its time-out`;
}

/** How long an attempt took, in milliseconds; null while it runs. */
export function tookOf({ startedAt, endedAt }: Pick<ReportAttempt, "startedAt" | "endedAt">): number | null {
  return endedAt === null ? null : endedAt.getTime() - startedAt.getTime();
}

/** How long an attempt waited to begin, in milliseconds. */
export function waitedOf({ waitedFrom, startedAt }: Pick<ReportAttempt, "waitedFrom" | "startedAt">): number {
  return startedAt.getTime() - waitedFrom.getTime();
}

/** Jobs that failed, got another configuration, and were run again. */
export function amendedJobs(jobs: readonly ReportJob[]): readonly ReportJob[] {
  return jobs.filter(({ amendments, attempts }) => amendments.length > 0 && attempts.length > 1);
}

/** Jobs with an attempt that ran on after its time-out. */
export function overrunJobs(jobs: readonly ReportJob[]): readonly ReportJob[] {
  return jobs.filter(({ attempts }) => attempts.some(({ overranAt }) => overranAt !== null));
}
