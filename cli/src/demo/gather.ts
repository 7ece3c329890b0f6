import type { Callsheet, Job } from "@callsheet/core";
import type { ReportChange, ReportJob } from "../report/report-data.ts";
import { attemptsOf } from "./attempts.ts";
import type { DemoJob } from "./job-desk.ts";
import { shortAction } from "./short-action.ts";
import type { Wait } from "./wait-log.ts";

/** A job of the demo as it stands at the end, for its result, and with all that a report says of it. */
export interface Gathered {
  readonly job: Job;
  readonly told: ReportJob;
}

/** Reads a job and how it came to its end. */
export async function gather(cs: Callsheet, { id, file }: DemoJob, waits: readonly Wait[]): Promise<Gathered> {
  const job = await cs.jobs.get(id);
  const [history, amendments, action] = await Promise.all([
    cs.jobs.history(id),
    cs.jobs.amendments(id),
    cs.actions.get(job.action),
  ]);
  const told: ReportJob = {
    id,
    action: shortAction(job.action),
    file: file.name,
    state: job.state,
    attempts: attemptsOf(history),
    amendments: amendments.map(({ at, actor, reason, difference }) => ({
      at,
      actor,
      reason,
      changes: changesOf(difference),
    })),
    timeoutMs: action.timeoutMs,
    waited: waits.find((wait) => wait.job.id === id) ?? null,
    waitsFor: job.attempt === 0 ? (await cs.jobs.explain(id)).sentence : null,
  };
  return { job, told };
}

/** The difference of an amendment as it is stored, field by field. */
function changesOf(difference: unknown): readonly ReportChange[] {
  const changes = Array.isArray(difference)
    ? (difference as readonly { path: string; from?: unknown; to?: unknown }[])
    : [];
  return changes.map(({ path, from, to }) => ({ field: path.slice(1), before: textOf(from), after: textOf(to) }));
}

function textOf(value: unknown): string | null {
  if (value === undefined) return null;
  return typeof value === "string" ? value : JSON.stringify(value);
}
