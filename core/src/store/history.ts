import type { HistoryEntry, Json } from "@callsheet/contract";
import type { Queryable } from "./database.ts";

/*
 * The first line of a job's history is its row in `job` (of an imported one also where that had settled), the last one of a settled job its row in `outcome`; only the
 * lines between are rows of `event`. A retry moves the outcome's line there. So a plain job writes no event at all.
 */
const historyOf = (lines: string) => `
  select h.*, n.name as node from (
    select id as "jobId", 1 as seq, created_at as at, case when first_state in ('created', 'scheduled', 'pending') then 'create' else 'import' end as event, null::callsheet.job_state as "from", '{}'::callsheet.job_state[]::text[] as via,
      first_state as "to", null::int as attempt, null::text as token, null::int as "nodeId",
      coalesce(actor, (select name from callsheet.owner o where o.id = owner_id)) as actor, reason, json_build_object('origin', origin) as data
    from callsheet.job where id = any($1::uuid[])
    union all
    select job_id, seq, at, event, from_state, coalesce(via, '{}')::text[], to_state, attempt, token::text, node_id, actor, reason, data
    from ${lines} e
    union all
    select job_id, seq, ended_at, coalesce(event, callsheet.usual_event(state)), from_state,
      coalesce(via, callsheet.passed(from_state, 'running', queued))::text[], state, nullif(attempt, 0), token::text, node_id, actor, reason,
      coalesce(data, json_build_object('startedAt', started_at, 'error', error))
    from callsheet.outcome where job_id = any($1::uuid[]) and seq > 1
  ) h left join callsheet.node n on n.id = h."nodeId"
  order by "jobId", seq`;

const HISTORY = historyOf("(select * from callsheet.event where job_id = any($1::uuid[]))");
const NEWEST = historyOf(`(
  select n.* from unnest($1::uuid[]) as i (id) cross join lateral (
    select * from callsheet.event where job_id = i.id order by seq desc limit $2
  ) n)`);

interface ReadOptions {
  readonly newest?: number;
}

/** Every line of these jobs' histories, in order; of each at most as many `newest` ones beside the first and the last. */
export async function readHistory(
  db: Queryable,
  ids: readonly string[],
  options: ReadOptions = {},
): Promise<readonly HistoryEntry[]> {
  const lines = await readLines(db, ids, options);
  return lines.map(({ nodeId: _, ...line }) => line);
}

/** The same, each line with the number of its node. */
export async function readLines(db: Queryable, ids: readonly string[], { newest }: ReadOptions = {}) {
  const statement = newest === undefined ? { text: HISTORY, values: [ids] } : { text: NEWEST, values: [ids, newest] };
  const { rows } = await db.query<HistoryEntry & { readonly nodeId: number | null }>(statement);
  return rows;
}

/** Configurations that were replaced, oldest first. */
export async function readAmendments(db: Queryable, id: string) {
  const { rows } = await db.query<{
    version: number;
    configuration: Json;
    difference: Json;
    at: Date;
    actor: string;
    reason: string | null;
  }>({
    text: "select version, configuration, difference, at, actor, reason from callsheet.configuration where job_id = $1::uuid order by version",
    values: [id],
  });
  return rows;
}

export async function readLog(db: Queryable, id: string) {
  const { rows } = await db.query<{ attempt: number; n: number; at: Date; level: string; message: string }>({
    text: "select attempt, n, at, level, message from callsheet.log_line where job_id = $1::uuid order by attempt, n",
    values: [id],
  });
  return rows;
}
