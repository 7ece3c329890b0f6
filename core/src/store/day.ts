import type { DayResource, JobLock } from "@callsheet/contract";
import sql from "sql-template-tag";
import type { Queryable } from "./database.ts";

/** A job that ran and has ended. */
export interface EndedJob {
  readonly id: string;
  /** When it ended, to the microsecond. */
  readonly endedAt: string;
  /** When it was due. */
  readonly at: Date;
  readonly durationMs: number;
  readonly action: string;
  readonly owner: string;
  readonly rank: number;
  readonly site: string;
  readonly queue: string;
  readonly needs: Readonly<Record<string, number>>;
  readonly locks: readonly JobLock[];
  readonly size: number | null;
  readonly tags: readonly string[];
}

/** A page of the jobs that ended in a stretch of time, in the order in which they did (index outcome_by_end). */
export async function endedJobs(
  db: Queryable,
  page: { readonly from: Date; readonly until: Date; readonly after: EndedJob | undefined; readonly limit: number },
): Promise<readonly EndedJob[]> {
  const { from, until, after, limit } = page;
  const { rows } = await db.query<EndedJob>(sql`
    select j.id, d.ended_at::text as "endedAt", least(d.started_at, coalesce(j.start_at, j.created_at)) as at,
      extract(epoch from d.ended_at - d.started_at)::float8 * 1000 as "durationMs", v.name as action, o.name as owner, j.rank, l.site, l.queue,
      coalesce(l.needs -> 'units', '{}') as needs, coalesce(j.locks, '[]') as locks, j.size, coalesce(j.tags, '{}') as tags
    from callsheet.outcome d
    join callsheet.job j on j.id = d.job_id
    join callsheet.action_version v on v.id = j.action_version_id
    join callsheet.lane l on l.id = j.lane_id
    join callsheet.owner o on o.id = j.owner_id
    where d.ended_at >= ${from} and d.ended_at < ${until} and d.started_at is not null
      and (d.ended_at, d.job_id) > (${after?.endedAt ?? from}::timestamptz, ${after?.id ?? "00000000-0000-0000-0000-000000000000"}::uuid)
    order by d.ended_at, d.job_id
    limit ${limit}`);
  return rows;
}

/** Nodes that were up at some time of a stretch of time, each once, however often it came back. */
export async function nodesIn(db: Queryable, from: Date, until: Date) {
  const { rows } = await db.query<{ name: string; site: string; slots: number }>(sql`
    select distinct on (name) name, site, slots from callsheet.node
    where started_at < ${until} and (ended_at is null or ended_at > ${from})
    order by name, started_at desc`);
  return rows;
}

/** What every pool was declared as. */
export async function declaredPools(db: Queryable) {
  const { rows } = await db.query<{
    name: string;
    scope: string;
    capacity: number;
    tags: readonly string[];
    windows: DayResource["windows"];
  }>(sql`select name, scope, base::float8 as capacity, tags, windows from callsheet.pool order by scope, name`);
  return rows;
}
