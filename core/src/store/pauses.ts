import type { Pause, PauseScope } from "@callsheet/contract";
import sql from "sql-template-tag";
import type { Queryable } from "./database.ts";
import { LANE_ACTION, pauseOf } from "./dictionary.ts";

/** Keeps a pause, or gives it another reason. */
export async function putPause(
  tx: Queryable,
  pause: { readonly scope: PauseScope; readonly name: string; readonly actor: string; readonly reason: string | null },
): Promise<void> {
  const { scope, name, actor, reason } = pause;
  await tx.query(sql`
    insert into callsheet.pause (scope, name, reason, actor, at) values (${scope}, ${name}, ${reason}, ${actor}, callsheet.now())
    on conflict (scope, name) do update set reason = excluded.reason, actor = excluded.actor`);
}

/** False: it was not paused. */
export async function deletePause(tx: Queryable, scope: PauseScope, name: string): Promise<boolean> {
  const { count } = await tx.query(sql`delete from callsheet.pause where scope = ${scope} and name = ${name}`);
  return count === 1;
}

/** Every pause, longest standing first, with how much it concerns. */
export async function readPauses(db: Queryable): Promise<readonly Pause[]> {
  const { rows } = await db.query<Pause>(sql`
    select p.scope, p.name, p.reason, p.actor, p.at, case p.scope
        when 'node' then (select count(*) from callsheet.node n where n.name = p.name and n.state in ('up', 'draining'))
        else (select count(*) from callsheet.lane l
          where p.name = case p.scope when 'site' then l.site when 'queue' then l.queue else ${LANE_ACTION} end)
      end::float8 as concerns
    from callsheet.pause p order by p.at, p.scope, p.name`);
  return rows;
}

/** Lets lanes and nodes follow from the pauses that stand, under the barrier: each is paused while any is left. */
export async function settlePauses(tx: Queryable): Promise<void> {
  await tx.query(sql`
    with due as materialized (
      select l.id, l.shut or p.scope is not null as paused, case when l.shut then l.reason else p.reason end as reason
      from callsheet.lane l left join lateral (${pauseOf(sql`l.site`, sql`l.queue`, LANE_ACTION)}) p on true
    )
    update callsheet.lane l set paused = due.paused, reason = due.reason
    from due where due.id = l.id and (l.paused, l.reason) is distinct from (due.paused, due.reason)`);
  await tx.query(sql`
    update callsheet.node n set paused = not n.paused
    where state in ('up', 'draining') and paused <> exists (select from callsheet.pause p where p.scope = 'node' and p.name = n.name)`);
}
