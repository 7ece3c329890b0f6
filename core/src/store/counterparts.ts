import type { JobState, Json } from "@callsheet/contract";
import sql from "sql-template-tag";
import type { Queryable } from "./database.ts";

/** A job that was made to undo another, or to do it again. */
export interface Counterpart {
  readonly does: "undo" | "redo";
  readonly jobId: string;
  /** Where it stands; null: it was deleted. */
  readonly state: JobState | null;
}

/** The last job that was made to undo another one, or to do it again, as the history of that one tells. */
export async function lastCounterpart(db: Queryable, id: string): Promise<Counterpart | undefined> {
  const { rows } = await db.query<Counterpart>(sql`
    select l.event as does, l.data ->> 'jobId' as "jobId", s.state
    from (
      select seq, event, data from callsheet.event where job_id = ${id} and event in ('undo', 'redo')
      union all
      select seq, event, data from callsheet.outcome where job_id = ${id} and event in ('undo', 'redo')
      order by seq desc limit 1
    ) l left join callsheet.job_state_now s on s.job_id = (l.data ->> 'jobId')::uuid`);
  return rows[0];
}

/** What a completed job left, for the job that undoes it or does it again. */
export async function leftBy(db: Queryable, id: string): Promise<Readonly<Record<string, Json>>> {
  const { rows } = await db.query<{ left: Record<string, Json> }>(sql`
    select json_build_object('jobId', j.id, 'action', v.name, 'type', v.type, 'attempt', o.attempt, 'configuration', j.configuration,
      'result', o.result, 'variables', coalesce(j.variables::jsonb, '{}') || coalesce((
        select jsonb_object_agg(x.name, x.value) from callsheet.variable x where x.job_id = j.id), '{}')) as left
    from callsheet.job j join callsheet.outcome o on o.job_id = j.id join callsheet.action_version v on v.id = j.action_version_id
    where j.id = ${id}`);
  return rows[0]!.left;
}
