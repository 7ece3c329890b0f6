import sql from "sql-template-tag";
import type { Queryable } from "./database.ts";
import { dropPartition, emptyPartitions, makeDay, mayPartition, missingDays } from "./event-days.ts";
import { forgetObjects } from "./objects.ts";
import { forgetReceipts } from "./receipt.ts";
import { removeJobs } from "./remove-jobs.ts";
import { countExpired, purgeSettled, putRetention, readRetention, removeRetention } from "./retention.ts";
import { beginStall, endStall } from "./stall.ts";

/**
 * Whether nobody in the cluster has begun this duty for so long; then this one has now. Whoever begins it and dies leaves it
 * to the next in line, that much later.
 */
async function beginDuty(db: Queryable, name: string, everyMs: number): Promise<boolean> {
  const { count } = await db.query(sql`
    insert into callsheet.setting as s (name, value) values (${`${name}_begun_at`}, to_jsonb(callsheet.now()))
    on conflict (name) do update set value = excluded.value
    where (s.value #>> '{}')::timestamptz <= callsheet.now() - ${everyMs}::float8 * interval '1 millisecond'`);
  return count > 0;
}

/** What keeping house consists of. */
export const HOUSE = {
  beginDuty,
  beginStall,
  countExpired,
  dropPartition,
  emptyPartitions,
  endStall,
  forgetObjects,
  forgetReceipts,
  makeDay,
  mayPartition,
  missingDays,
  purgeSettled,
  putRetention,
  readRetention,
  removeJobs,
  removeRetention,
};
