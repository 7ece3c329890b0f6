import type { BatchDefaults, EncodedRows } from "./create.ts";
import type { Statement } from "./statement.ts";

const CREATE_LONE = {
  name: "create_lone",
  text: `
    with question as (
      insert into callsheet.job (id, created_at, start_at, created_xid, action_id, action_version_id, owner_id, lane_id,
        first_state, kind, origin, configuration_version, rank, configuration)
      values ($1::uuid, callsheet.now(), callsheet.now(), pg_current_xact_id()::text::bigint, $5::int, $6::int, $3::int,
        $7::int, 'pending', $8::callsheet.job_kind, $9::callsheet.job_origin, 1, $4::smallint, $2::json)
    ), waiting as (
      insert into callsheet.work (job_id, due_at, lane_id, owner_id, action_version_id, seq, attempt, retries, state, line_state,
        rollback, rank, crashes, intent, plain)
      values ($1::uuid, callsheet.now(), $7::int, $3::int, $6::int, 1, 0, 0, 'pending', 'pending', 'none', $4::smallint, 0, 0, true)
    )
    select 1 as id where pg_notify($10, $11) is null`,
};

/** A hint, and where it is sent. */
export interface Told {
  readonly channel: string;
  readonly payload: string;
}

/** What `insertJobs` does for one job that says nothing beside its configuration: whoever waits for it waits for less. */
export function insertLone({ ids, configurations }: EncodedRows, defaults: BatchDefaults, told: Told): Statement {
  const { ownerId, rank, actionId, actionVersionId, laneId, kind, origin } = defaults;
  const row = [ids[0], configurations[0], ownerId, rank, actionId, actionVersionId, laneId, kind, origin];
  return { ...CREATE_LONE, values: [...row, told.channel, told.payload], patience: "hot" };
}
