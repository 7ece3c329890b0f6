import type { JobState } from "@callsheet/contract";
import type { BatchDefaults } from "./create.ts";
import type { Queryable } from "./database.ts";

/** A queue job that comes from elsewhere with its status. */
export interface ImportedJob {
  readonly id: string;
  /** JSON text. */
  readonly configuration: string;
  readonly state: Extract<JobState, "retrying" | "completed" | "failed" | "cancelled">;
  readonly rank: number;
  readonly retries: number;
  /** When one that failed is tried again. */
  readonly dueAt: Date;
  readonly startedAt: Date | null;
  readonly endedAt: Date;
  readonly actor: string;
}

const IMPORT = `
  with n as materialized (
    select * from json_to_recordset($1::json) as n (id uuid, configuration json, state callsheet.job_state, rank smallint, retries int,
      "dueAt" timestamptz, "startedAt" timestamptz, "endedAt" timestamptz, actor text)
  ), made as (
    insert into callsheet.job (id, created_at, start_at, created_xid, action_id, action_version_id, owner_id, lane_id, first_state, kind,
      origin, configuration_version, rank, configuration, actor)
    select id, callsheet.now(), "dueAt", pg_current_xact_id()::text::bigint, $2, $3, $4, $5, state, $6::callsheet.job_kind,
      $7::callsheet.job_origin, 1, rank, configuration, actor
    from n
  ), waiting as (
    insert into callsheet.work (job_id, due_at, lane_id, owner_id, action_version_id, seq, attempt, retries, state, line_state,
      rollback, rank, crashes, intent, plain, guest)
    select id, "dueAt", $5, $4, $3, 1, 0, retries, state, state, 'none', rank, 0, 0, false, $8 from n where state = 'retrying'
  )
  insert into callsheet.outcome (job_id, ended_at, started_at, xid, seq, attempt, retries, state, from_state, rollback, crashes, queued,
    event, via)
  select id, "endedAt", "startedAt", pg_current_xact_id()::text::bigint, 1, 0, retries, state, state, 'none', 0, false, 'import', '{}'
  from n where state <> 'retrying'`;

/**
 * Stores jobs that come from elsewhere, each with one line of history: no attempt, and nothing before it. `isGuest`: others
 * use their lane too.
 */
export async function importJobs(
  db: Queryable,
  jobs: readonly ImportedJob[],
  { actionId, actionVersionId, ownerId, laneId, kind, origin }: BatchDefaults,
  isGuest: boolean,
): Promise<void> {
  const rows = jobs.map(({ configuration, ...job }) => {
    const text = JSON.stringify(job);
    return `${text.slice(0, -1)},"configuration":${configuration}}`;
  });
  const values = [`[${rows.join(",")}]`, actionId, actionVersionId, ownerId, laneId, kind, origin, isGuest];
  await db.query({ text: IMPORT, values, patience: "bulk" });
}
