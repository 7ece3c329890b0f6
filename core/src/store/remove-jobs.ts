import type { Queryable } from "./database.ts";

/** Tables with rows of a job that go with it. What an attempt holds is given back before. */
export const JOB_TABLES = [
  "work",
  "outcome",
  "configuration",
  "progress",
  "variable",
  "log_line",
  "undo_entry",
  "rollback",
  "composite",
  "elsewhere",
  "stall",
  "secret_use",
] as const;

/**
 * Removes jobs with all that is stored of them. Refuses none: the caller has checked that they may go. `span`: when all of
 * their history was written; without it every partition is asked.
 */
export async function removeJobs(
  tx: Queryable,
  ids: readonly string[],
  span?: { readonly from: Date; readonly until: Date },
): Promise<number> {
  const values = [ids];
  // Who is removed still counts where he counted.
  await tx.query({
    text: `
      update callsheet.composite c set removed = c.removed + m.count
      from (select parent_id, count(*)::int as count from callsheet.job where id = any($1::uuid[]) and parent_id is not null group by 1) m
      where c.job_id = m.parent_id`,
    values,
  });
  await tx.query({
    text: "update callsheet.outcome set parent_id = null where job_id = any($1::uuid[]) and parent_id is not null",
    values,
  });
  await tx.query({ text: "delete from callsheet.lane where root_id = any($1::uuid[])", values });
  for (const table of JOB_TABLES) {
    await tx.query({ text: `delete from callsheet.${table} where job_id = any($1::uuid[])`, values });
  }
  const within = span === undefined ? "" : " and at between $2 and $3";
  await tx.query({
    text: `delete from callsheet.event where job_id = any($1::uuid[])${within}`,
    values: span === undefined ? values : [ids, span.from, span.until],
  });
  const { count } = await tx.query({ text: "delete from callsheet.job where id = any($1::uuid[])", values });
  return count;
}
