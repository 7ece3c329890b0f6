import { JOB_TABLES } from "../remove-jobs.ts";

/** A column that names a row of another table. */
interface Reference {
  readonly table: string;
  readonly column: string;
  readonly target: string;
  /** The column that is named. Default `id`. */
  readonly key?: string;
  /** Rows of which this holds are excused; `r` is the row. */
  readonly unless?: string;
}

/** A job that was removed while it ran has left what its attempt still holds. */
const IS_LEFT = "exists (select from callsheet.remnant m where m.token = r.token and m.job_id = r.job_id)";

/**
 * What refers to what: the foreign keys that the schema leaves out, because the hot path would pay for each at every write.
 * Whatever a row of `work` copies from its job is compared with the job instead.
 */
const REFERENCES: readonly Reference[] = [
  ...[...JOB_TABLES, "event"].map((table): Reference => ({ table, column: "job_id", target: "job" })),
  { table: "ticket", column: "job_id", target: "job", unless: IS_LEFT },
  { table: "grant_of_units", column: "job_id", target: "job", unless: IS_LEFT },
  { table: "timed_action", column: "job_id", target: "job" },
  { table: "occurrence", column: "timed_action_id", target: "timed_action" },
  { table: "job", column: "action_version_id", target: "action_version" },
  { table: "job", column: "lane_id", target: "lane" },
  { table: "job", column: "owner_id", target: "owner" },
  { table: "action", column: "version_id", target: "action_version" },
  ...["claim", "outcome", "event", "remnant", "rollback", "elsewhere"].map(
    (table): Reference => ({ table, column: "node_id", target: "node" }),
  ),
  { table: "grant_of_units", column: "pool_id", target: "pool" },
  { table: "ticket", column: "object_key", target: "object", key: "key" },
  { table: "ticket", column: "lane_id", target: "lane" },
];

const dangling = ({ table, column, target, key = "id", unless = "false" }: Reference) => `
  select '${table}' as "table", '${column}' as "column", r.${column}::text as value, '${target}' as target
  from callsheet.${table} r
  where r.${column} is not null and not exists (select from callsheet.${target} t where t.${key} = r.${column}) and not (${unless})`;

const MEMBERS = `
  select 'claim', 'ids', m.id::text, 'job' from callsheet.claim c, unnest(c.ids) with ordinality as m (id, n)
  where get_bit(c.ended, m.n::int - 1) = 0 and not exists (select from callsheet.job j where j.id = m.id)
  union all
  select 'claim', 'pool_ids', p.id::text, 'pool' from callsheet.claim c, unnest(c.pool_ids) as p (id)
  where not exists (select from callsheet.pool t where t.id = p.id)`;

const CALENDARS = `
  select 'timed_action', 'calendars', c.name, 'exclusion_calendar'
  from callsheet.timed_action t, jsonb_array_elements_text(t.definition -> 'calendars') as c (name)
  where not exists (select from callsheet.exclusion_calendar e where e.name = c.name)`;

/** Rows that name something that is not there, by what they name. */
export const DANGLING = `
  select 'dangling' as what, "table", "column", value, target, count(*)::int as rows
  from (${[...REFERENCES.map(dangling), MEMBERS, CALENDARS].join(" union all ")}) d
  group by 2, 3, 4, 5 order by 2, 3, 4`;
