import { JOB_TABLES } from "../remove-jobs.ts";

/** A column that names a row of another table. */
interface Reference {
  readonly table: string;
  /** One that names several rows has `each`. */
  readonly column: string;
  /** What takes its value apart, into rows `v (value, n)`. */
  readonly each?: string;
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
export const REFERENCES: readonly Reference[] = [
  ...[...JOB_TABLES, "event"].map((table): Reference => ({ table, column: "job_id", target: "job" })),
  { table: "ticket", column: "job_id", target: "job", unless: IS_LEFT },
  { table: "grant_of_units", column: "job_id", target: "job", unless: IS_LEFT },
  { table: "object", column: "job_id", target: "job", unless: `r.token is null or ${IS_LEFT}` },
  { table: "lane", column: "root_id", target: "job" },
  { table: "lane", column: "host_id", target: "owner" },
  { table: "timed_action", column: "job_id", target: "job" },
  { table: "occurrence", column: "timed_action_id", target: "timed_action" },
  { table: "job", column: "action_version_id", target: "action_version" },
  { table: "job", column: "lane_id", target: "lane" },
  { table: "job", column: "owner_id", target: "owner" },
  { table: "action", column: "version_id", target: "action_version" },
  ...["claim", "outcome", "event", "remnant", "rollback", "elsewhere", "secret_use"].map(
    (table): Reference => ({ table, column: "node_id", target: "node" }),
  ),
  { table: "keeper", column: "node_id", target: "node" },
  { table: "object", column: "keeper_id", target: "node" },
  { table: "grant_of_units", column: "pool_id", target: "pool" },
  { table: "ticket", column: "object_key", target: "object", key: "key" },
  { table: "ticket", column: "lane_id", target: "lane" },
  { table: "claim", column: "ids", each: "unnest(r.ids)", target: "job", unless: "get_bit(r.ended, v.n::int - 1) = 1" },
  { table: "claim", column: "pool_ids", each: "unnest(r.pool_ids)", target: "pool" },
  {
    ...{ table: "timed_action", column: "calendars", each: "jsonb_array_elements_text(r.definition -> 'calendars')" },
    ...{ target: "exclusion_calendar", key: "name" },
  },
];

function dangling({ table, column, each, target, key = "id", unless = "false" }: Reference): string {
  const value = each === undefined ? `r.${column}` : "v.value";
  const rows = each === undefined ? "" : `, ${each} with ordinality as v (value, n)`;
  return `
  select '${table}' as "table", '${column}' as "column", ${value}::text as value, '${target}' as target
  from callsheet.${table} r${rows}
  where ${value} is not null and not exists (select from callsheet.${target} t where t.${key} = ${value}) and not (${unless})`;
}

/** Rows that name something that is not there, by what they name. */
export const DANGLING = `
  select 'dangling' as what, "table", "column", value, target, count(*)::int as rows
  from (${REFERENCES.map(dangling).join(" union all ")}) d
  group by 2, 3, 4, 5 order by 2, 3, 4`;
