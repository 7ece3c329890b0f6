import type { Queryable } from "./database.ts";

/** What an attempt says of itself. */
export interface Report {
  readonly id: string;
  readonly token: string;
  readonly percent: number;
  readonly message: string | null;
  readonly stats: string | null;
}

/** Stores what running attempts last said; words of a superseded attempt change nothing. Answers how many were taken. */
export async function putProgress(db: Queryable, reports: readonly Report[]): Promise<number> {
  const { count } = await db.query({
    text: `
      insert into callsheet.progress (job_id, token, percent, message, stats, at)
      select r.id, r.token, r.percent, r.message, r.stats, callsheet.now()
      from json_to_recordset($1::json) as r (id uuid, token bigint, percent real, message text, stats json)
      join callsheet.work w on w.job_id = r.id and w.token = r.token and w.state in ('running', 'timed_out', 'cancelling')
      on conflict (job_id) do update
      set token = excluded.token, percent = excluded.percent, message = excluded.message, stats = excluded.stats, at = excluded.at`,
    values: [
      JSON.stringify(
        reports.map((report) => ({ ...report, stats: report.stats === null ? null : JSON.parse(report.stats) })),
      ),
    ],
  });
  return count;
}

/** How far a job last said that it is, 0 to 100. */
export async function progressOf(db: Queryable, id: string): Promise<number | undefined> {
  const { rows } = await db.query<{ percent: number }>({
    text: "select percent from callsheet.progress where job_id = $1::uuid",
    values: [id],
  });
  return rows[0]?.percent;
}

/** Stores a variable for the attempt that names itself. False: it was superseded. */
export async function putVariable(
  db: Queryable,
  id: string,
  token: string,
  name: string,
  value: string,
): Promise<boolean> {
  const { count } = await db.query({
    text: `
      with held as (
        select job_id from callsheet.work where job_id = $1::uuid and token = $2::bigint and state in ('running', 'timed_out', 'cancelling') for update
      )
      insert into callsheet.variable (job_id, name, value) select job_id, $3, $4::json from held
      on conflict (job_id, name) do update set value = excluded.value`,
    values: [id, token, name, value],
  });
  return count === 1;
}

export interface LogLine {
  readonly id: string;
  readonly attempt: number;
  readonly n: number;
  readonly level: string;
  readonly message: string;
  readonly at: string;
}

export async function putLogLines(db: Queryable, lines: readonly LogLine[]): Promise<void> {
  await db.query({
    text: `
      insert into callsheet.log_line (job_id, attempt, n, at, level, message)
      select r.id, r.attempt, r.n, r.at, r.level, r.message
      from json_to_recordset($1::json) as r (id uuid, attempt int, n int, at timestamptz, level text, message text)
      on conflict do nothing`,
    values: [JSON.stringify(lines)],
  });
}
