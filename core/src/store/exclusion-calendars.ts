import type { ExclusionCalendar, ExclusionCalendarDefinition } from "@callsheet/contract";
import sql from "sql-template-tag";
import type { Queryable } from "./database.ts";

/** What a timed action reads of a calendar that it uses. */
export type SharedCalendar = Pick<ExclusionCalendarDefinition, "timeZone" | "exclusions">;

/** The calendars that timed action `t` uses, read with it. */
export const SHARED = `
  coalesce((select json_agg(json_build_object('timeZone', c.time_zone, 'exclusions', c.exclusions) order by c.name)
    from callsheet.exclusion_calendar c where t.definition -> 'calendars' ? c.name), '[]') as shared`;

/** Exclusion calendars by name; all of them without one. */
async function readCalendars(db: Queryable, name?: string): Promise<readonly ExclusionCalendar[]> {
  const { rows } = await db.query<ExclusionCalendar>(sql`
    select c.name, c.description, c.time_zone as "timeZone", c.exclusions, c.changed_at as "changedAt", c.actor, c.reason,
      array(select t.name from callsheet.timed_action t where t.definition -> 'calendars' ? c.name order by t.name) as "usedBy"
    from callsheet.exclusion_calendar c where ${name ?? null}::text is null or c.name = ${name ?? null} order by c.name`);
  return rows;
}

async function putCalendar(
  db: Queryable,
  {
    definition: { name, description, timeZone, exclusions },
    actor,
    reason,
  }: { readonly definition: ExclusionCalendarDefinition; readonly actor: string; readonly reason: string | null },
): Promise<void> {
  await db.query(sql`
    insert into callsheet.exclusion_calendar (name, description, time_zone, exclusions, actor, reason)
    values (${name}, ${description}, ${timeZone}, ${JSON.stringify(exclusions)}::jsonb, ${actor}, ${reason})
    on conflict (name) do update
    set description = excluded.description, time_zone = excluded.time_zone, exclusions = excluded.exclusions,
      changed_at = excluded.changed_at, actor = excluded.actor, reason = excluded.reason`);
}

/** Keeps calendars from being deleted until the transaction ends; answers those that there are. */
async function keepCalendars(
  tx: Queryable,
  names: readonly string[],
): Promise<readonly (SharedCalendar & { readonly name: string })[]> {
  if (names.length === 0) return [];
  const { rows } = await tx.query<SharedCalendar & { readonly name: string }>(sql`
    select name, time_zone as "timeZone", exclusions from callsheet.exclusion_calendar
    where name = any(${names}::text[]) order by name for share`);
  return rows;
}

/** Locks a calendar, so that nobody begins to use it. */
async function lockCalendar(tx: Queryable, name: string): Promise<void> {
  await tx.query(sql`select from callsheet.exclusion_calendar where name = ${name} for update`);
}

async function deleteCalendar(tx: Queryable, name: string): Promise<void> {
  await tx.query(sql`delete from callsheet.exclusion_calendar where name = ${name}`);
}

/** What stands behind exclusion calendars. */
export const CALENDARS = { readCalendars, putCalendar, keepCalendars, lockCalendar, deleteCalendar };
