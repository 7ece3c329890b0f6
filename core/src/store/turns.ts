import type { Queryable } from "./database.ts";
import { handOver, keysOf } from "./freeing.ts";
import { lockObjects } from "./objects.ts";
import { type Changed, transition } from "./transition.ts";

/** How many jobs are looked after at once. */
const BATCH = 100;

/**
 * Looks after whose turn it is where that depends on nodes, pauses and quarantine. Jobs that were handed their objects, and
 * that nobody can run now or that may not have one of them any more, give their turn back: they wait on, and the next in line
 * is served. Jobs that were passed over, and that somebody can run by now, have their turn. Answers the jobs that were handed
 * their objects. It may fail with `LinesInUse`.
 */
export async function settleTurns(tx: Queryable, also: readonly string[] = []): Promise<readonly Changed[]> {
  const [stuck, back] = [await handedInVain(tx), await passedServed(tx)];
  const keys = await keysOf(tx, [...stuck, ...back]);
  if (keys.length === 0) return [];
  await lockObjects(tx, [...new Set([...keys, ...also])]);
  await transition(tx, { event: "yield", changes: stuck.map((id) => ({ id, to: "waiting_for_lock" })) });
  await tx.query({
    name: "wait_again",
    text: `update callsheet.ticket set held = held and job_id <> all($3::uuid[]), passed = false
      where object_key = any($1::text[]) and token is null and job_id = any($2::uuid[])`,
    values: [keys, [...stuck, ...back], stuck],
  });
  return handOver(tx, keys);
}

/** Queued jobs that hold objects in vain: nobody can run them, or an object is in quarantine (index work_queued). Locks their rows. */
async function handedInVain(tx: Queryable): Promise<readonly string[]> {
  const { rows } = await tx.query<{ id: string }>({
    name: "handed_in_vain",
    text: `
      with lanes as materialized (select distinct lane_id from callsheet.work where state = 'queued' and turn < 0)
      select w.job_id as id from callsheet.work w
      where w.state = 'queued' and w.turn < 0 and (w.lane_id = any(array(select lane_id from lanes where not callsheet.is_served(lane_id)))
        or exists (
          select from callsheet.job j, json_array_elements(j.locks) l join callsheet.object o on o.key = l ->> 'key'
          where j.id = w.job_id and o.quarantined))
      order by w.job_id limit ${BATCH} for update skip locked`,
    values: [],
  });
  return rows.map(({ id }) => id);
}

/** Waiting jobs that were passed over and that somebody can run now (index ticket_passed). */
async function passedServed(tx: Queryable): Promise<readonly string[]> {
  const { rows } = await tx.query<{ id: string }>({
    name: "passed_served",
    text: `
      with lanes as materialized (select distinct lane_id from callsheet.ticket where passed)
      select distinct job_id as id from callsheet.ticket
      where passed and lane_id = any(array(select lane_id from lanes where callsheet.is_served(lane_id)))
      limit ${BATCH}`,
    values: [],
  });
  return rows.map(({ id }) => id);
}
