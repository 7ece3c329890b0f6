import type { JobState } from "@callsheet/contract";
import sql from "sql-template-tag";
import type { Queryable } from "./database.ts";
import { LINE_STATE } from "./queue-jobs.ts";

/** So many jobs of a queue stand in a state. */
export interface QueueCount {
  readonly actionId: number;
  readonly state: JobState;
  readonly count: number;
}

/** How many jobs of queues stand in each state; those that wait, in the state in which their last line left them. */
export async function countQueueJobs(db: Queryable, actionIds: readonly number[]): Promise<readonly QueueCount[]> {
  const { rows } = await db.query<QueueCount>({
    text: `
      select action_id as "actionId", state, sum(count)::int as count from (
        select l.action_id, ${LINE_STATE} as state, count(*) from callsheet.work w join callsheet.lane l on l.id = w.lane_id
        where l.action_id = any($1::int[]) group by 1, 2
        union all
        select j.action_id, d.state, count(*) from callsheet.job j join callsheet.outcome d on d.job_id = j.id
        where j.action_id = any($1::int[]) group by 1, 2
        union all
        select j.action_id, 'running', count(*) from callsheet.claim c, unnest(c.ids) with ordinality as m (id, n)
        join callsheet.job j on j.id = m.id
        where j.action_id = any($1::int[]) and get_bit(c.ended, m.n::int - 1) = 0 group by 1
      ) counted group by action_id, state`,
    values: [actionIds],
  });
  return rows;
}

/** What an operator asks of a queue beside its counts. */
export interface QueueFacts {
  readonly actionId: number;
  readonly isPaused: boolean;
  readonly workers: number;
  readonly oldestAt: Date | null;
  readonly finishedLastMinute: number;
}

/**
 * Whether queues are paused, who works on them, what waits longest, and how much of them was over lately (indexes work_pending,
 * work_queued, outcome_by_end).
 */
export async function readQueueFacts(db: Queryable, actionIds: readonly number[]): Promise<readonly QueueFacts[]> {
  const { rows } = await db.query<QueueFacts>(sql`
    select a.id as "actionId", waiting.since as "oldestAt", coalesce(finished.count, 0) as "finishedLastMinute",
      exists (
        select from callsheet.pause p where p.scope in ('queue', 'action') and p.name = a.name
      ) as "isPaused",
      (
        select count(*)::int from callsheet.node n
        where n.state = 'up' and n.types @> jsonb_build_array(jsonb_build_object('type', a.name))
      ) as workers
    from callsheet.action a
    left join (
      select l.action_id, min(w.due_at) as since
      from (
        select lane_id, due_at from callsheet.work where state = 'pending'
        union all
        select lane_id, due_at from callsheet.work where state = 'queued'
      ) w join callsheet.lane l on l.id = w.lane_id
      where l.action_id = any(${actionIds}::int[]) group by 1
    ) waiting on waiting.action_id = a.id
    left join (
      select j.action_id, count(*)::int as count from callsheet.outcome d join callsheet.job j on j.id = d.job_id
      where d.ended_at > callsheet.now() - interval '1 minute' and j.action_id = any(${actionIds}::int[]) group by 1
    ) finished on finished.action_id = a.id
    where a.id = any(${actionIds}::int[])`);
  return rows;
}
