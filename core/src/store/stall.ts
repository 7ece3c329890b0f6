import type { Queryable } from "./database.ts";

const IS_LIVE = "('running', 'timed_out', 'cancelling')";

/** A line that changes no state, of the attempt that has this token, and of no other. */
const told = (event: "stall" | "stall_end", data: string) => `
  noted as (
    update callsheet.work set seq = seq + 1, plain = false
    where job_id = $1::uuid and token = $2::bigint and state in ${IS_LIVE} and line_state in ${IS_LIVE}
    returning *
  ), told as (
    insert into callsheet.event (job_id, at, token, seq, node_id, attempt, event, from_state, to_state, via, data)
    select job_id, callsheet.now(), token, seq, node_id, attempt, '${event}', line_state, line_state, '{}', ${data} from noted
  )`;

/** Says that an attempt, for so long by now, has shown no sign that it moves. False: it was superseded. */
export async function beginStall(tx: Queryable, id: string, token: string, silentMs: number): Promise<boolean> {
  const { count } = await tx.query({
    text: `
      with ${told("stall", "json_build_object('silentMs', $3::bigint)")}
      insert into callsheet.stall (job_id, token, since)
      select job_id, token, callsheet.now() - $3::bigint * interval '1 millisecond' from noted
      on conflict (job_id) do update set token = excluded.token, since = excluded.since`,
    values: [id, token, Math.round(silentMs)],
  });
  return count > 0;
}

/** Says that it moves again. */
export async function endStall(tx: Queryable, id: string, token: string): Promise<void> {
  await tx.query({
    text: `
      with ${told("stall_end", "null::json")}
      delete from callsheet.stall s using noted where s.job_id = noted.job_id`,
    values: [id, token],
  });
}
