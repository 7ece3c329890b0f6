import type { Entry, Occurrence, OccurrenceOutcome, SkipReason } from "@callsheet/contract";
import { wallText } from "@callsheet/contract";
import sql from "sql-template-tag";
import type { Queryable } from "./database.ts";
import type { StoredOutcome } from "./outcome-of.ts";

/**
 * Writes what became of instants. Answers those that are new: a local time that was told before, by a process whose time zones came
 * to another instant for it, is told once.
 */
export async function addOccurrences(
  tx: Queryable,
  id: number,
  entries: readonly Entry[],
  origin: Occurrence["origin"] = "rule",
): Promise<readonly Entry[]> {
  if (entries.length === 0) return [];
  const rows = entries.map(({ first, last, count, instant, untilInstant, kind, reason }) => ({
    ...{ nominal: wallText(first.wall), fold: first.fold, until: wallText(last.wall), count, kind, reason },
    ...{ instant: new Date(instant), end: new Date(untilInstant) },
  }));
  const { rows: written } = await tx.query<{ nominal: string; fold: number }>(sql`
    insert into callsheet.occurrence (timed_action_id, origin, nominal, fold, until_nominal, count, instant, until_instant, kind, reason, fired_at)
    select ${id}, ${origin}::callsheet.occurrence_origin, r.nominal, r.fold, r.until, r.count, r.instant, r."end", r.kind, r.reason,
      case when r.kind = 'fired' then greatest(callsheet.now(), r.instant) end
    from json_to_recordset(${JSON.stringify(rows)}::json) as r (nominal text, fold smallint, until text, count int, instant timestamptz, "end" timestamptz,
      kind callsheet.occurrence_kind, reason text)
    on conflict (timed_action_id, origin, nominal, fold) do nothing
    returning nominal, fold`);
  const isNew = new Set(written.map(({ nominal, fold }) => `${nominal} ${fold}`));
  return entries.filter(({ first }) => isNew.has(`${wallText(first.wall)} ${first.fold}`));
}

/** The moment of an occurrence by hand: now, or a little later where the clock stood still since the last one, or was set back. */
export async function momentByHand(tx: Queryable, id: number): Promise<Date> {
  const { rows } = await tx.query<{ at: Date }>(sql`
    select greatest(date_trunc('milliseconds', callsheet.now()), max(instant) + interval '1 millisecond') as at
    from callsheet.occurrence where timed_action_id = ${id} and origin = 'hand'`);
  return rows[0]!.at;
}

/** What is told of an occurrence in the history of its job. */
export interface FiredOccurrence {
  readonly nominal: string;
  readonly fold: 0 | 1;
  readonly instant: Date;
  readonly origin: Occurrence["origin"];
}

/** Lets the first of those that wait fire; undefined: none waits. */
export async function fireQueued(tx: Queryable, id: number): Promise<FiredOccurrence | undefined> {
  const { rows } = await tx.query<FiredOccurrence>(sql`
    update callsheet.occurrence o set kind = 'fired', fired_at = greatest(callsheet.now(), o.instant)
    from (
      select origin, nominal, fold from callsheet.occurrence
      where timed_action_id = ${id} and kind = 'queued' order by instant, nominal, fold limit 1
    ) q
    where o.timed_action_id = ${id} and o.origin = q.origin and o.nominal = q.nominal and o.fold = q.fold
    returning o.nominal, o.fold, o.instant, o.origin`);
  return rows[0];
}

/** Passes over what waits. */
export async function skipQueued(tx: Queryable, id: number, reason: SkipReason): Promise<void> {
  await tx.query(sql`
    update callsheet.occurrence set kind = 'skipped', reason = ${reason} where timed_action_id = ${id} and kind = 'queued'`);
}

/** Says how the last occurrence of a job's timed action ended, also one that was retried after it had ended. */
export async function endOccurrence(
  tx: Queryable,
  id: number,
  outcome: Omit<OccurrenceOutcome, "endedAt">,
): Promise<void> {
  await tx.query(sql`
    update callsheet.occurrence o set ended_at = callsheet.now(), outcome = ${JSON.stringify(outcome)}::json
    from (
      select origin, nominal, fold from callsheet.occurrence
      where timed_action_id = ${id} and kind = 'fired' order by ended_at is null desc, fired_at desc, instant desc limit 1
    ) q
    where o.timed_action_id = ${id} and o.origin = q.origin and o.nominal = q.nominal and o.fold = q.fold`);
}

/** An occurrence as it is read. */
export type OccurrenceRow = Omit<Occurrence, "outcome"> & {
  readonly last: StoredOutcome | null;
  readonly endedAt: Date | null;
};

/** The last instants that a timed action came to before this one, newest first (index occurrence_in_time). */
export async function readOccurrences(
  db: Queryable,
  id: number,
  { before, limit }: { readonly before: Date | null; readonly limit: number },
): Promise<readonly OccurrenceRow[]> {
  const { rows } = await db.query<OccurrenceRow>(sql`
    select nominal as local, fold, until_nominal as until, count, instant, origin, kind, reason, fired_at as "firedAt",
      ended_at as "endedAt", outcome as last, group_id as "groupId"
    from callsheet.occurrence
    where timed_action_id = ${id} and instant < coalesce(${before}::timestamptz, 'infinity')
    order by instant desc, nominal desc, fold desc limit ${limit}`);
  return rows;
}
