import type { JobState, OccurrenceFacts, TimedDefinition } from "@callsheet/contract";
import sql, { raw } from "sql-template-tag";
import type { Queryable } from "../database.ts";
import { SHARED, type SharedCalendar } from "../exclusion-calendars.ts";

/** What the checker asks of a timed action itself. */
export interface TimedFactsRow {
  readonly id: number;
  readonly definition: TimedDefinition;
  readonly shared: readonly SharedCalendar[];
  readonly mark: Date;
  /** Since when its rule holds. */
  readonly ruledAt: Date;
  readonly open: number;
  readonly isIdle: boolean;
}

const WAITS: readonly JobState[] = ["created"];

/** Every timed action. Its job is idle when it waits for its timed action, or was not set up again. */
export async function timedToCheck(tx: Queryable): Promise<readonly TimedFactsRow[]> {
  const { rows } = await tx.query<TimedFactsRow>(sql`
    select t.id, t.definition, ${raw(SHARED)}, t.mark, t.ruled_at as "ruledAt",
      (select count(*)::int from callsheet.occurrence o where o.timed_action_id = t.id and o.kind = 'fired' and o.ended_at is null) as open,
      not exists (select from callsheet.work w where w.job_id = t.job_id and w.intent <> 2 and w.state <> all(${WAITS}::callsheet.job_state[]))
        as "isIdle"
    from callsheet.timed_action t order by t.id`);
  return rows;
}

/** What is told of a timed action since a moment, in the order of time (index occurrence_in_time). */
export async function occurrencesToCheck(tx: Queryable, id: number, since: Date): Promise<readonly OccurrenceFacts[]> {
  const { rows } = await tx.query<OccurrenceFacts>(sql`
    select origin, nominal as local, fold, until_nominal as until, reason, coalesce(fired_at <> at, false) as "wasQueued",
      (extract(epoch from instant) * 1000)::float8 as instant, (extract(epoch from until_instant) * 1000)::float8 as "untilInstant",
      floor(extract(epoch from fired_at) * 1000)::float8 as "firedAt"
    from callsheet.occurrence o where o.timed_action_id = ${id} and o.until_instant > ${since}
    order by o.instant, o.nominal, o.fold`);
  return rows;
}
