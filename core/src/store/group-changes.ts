import sql from "sql-template-tag";
import type { Queryable } from "./database.ts";

async function changeMembersRank(tx: Queryable, ids: readonly string[], rank: number): Promise<readonly number[]> {
  const { rows } = await tx.query<{ laneId: number }>(sql`
    with held as materialized (
      select job_id from callsheet.work where job_id = any(${ids}::uuid[]) and node_id is null order by job_id for update
    ), ranked as (
      update callsheet.work w set rank = ${rank} from held where w.job_id = held.job_id returning w.job_id, w.lane_id
    ), copied as (
      update callsheet.job j set rank = ${rank} from ranked where j.id = ranked.job_id
    )
    select distinct lane_id as "laneId" from ranked`);
  return rows.map(({ laneId }) => laneId);
}

async function changeGroupRank(tx: Queryable, id: string, rank: number): Promise<void> {
  await tx.query(sql`update callsheet.job set rank = ${rank} where id = ${id}`);
}

/** Gives members, whose rows are locked, another start time, or takes it away. */
async function changeStartOfMembers(tx: Queryable, ids: readonly string[], startAt: Date | null): Promise<void> {
  await tx.query(sql`update callsheet.work set due_at = ${startAt} where job_id = any(${ids}::uuid[])`);
  await tx.query(sql`update callsheet.job set start_at = ${startAt} where id = any(${ids}::uuid[])`);
}

async function changeStartOfGroup(tx: Queryable, id: string, startAt: Date | null): Promise<void> {
  await tx.query(sql`update callsheet.job set start_at = ${startAt} where id = ${id}`);
}

/** What of a group is changed for the whole of it: of its own row, and of members whose rows are locked. */
export const GROUP_CHANGES = { changeGroupRank, changeMembersRank, changeStartOfGroup, changeStartOfMembers };
