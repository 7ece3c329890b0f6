import type { CompositeState, MemberCounts, Occurrence, TimedDefinition } from "@callsheet/contract";
import sql from "sql-template-tag";
import type { Queryable } from "./database.ts";
import type { AttemptKey } from "./elsewhere.ts";

/** An occurrence that a group works on, or is to; its job runs, and no node has it. `id`, `token`: of the attempt of its job. */
export interface Occasion extends AttemptKey {
  readonly timedId: number;
  readonly origin: Occurrence["origin"];
  readonly nominal: string;
  readonly fold: 0 | 1;
  readonly definition: TimedDefinition;
  readonly actionId: number;
  readonly actionVersionId: number;
  readonly actor: string;
  /** Null: it has no group yet. */
  readonly groupId: string | null;
  /** How its group stands; null: it has none yet, or that is gone. */
  readonly group: {
    readonly state: CompositeState;
    readonly isSettled: boolean;
    readonly counts: Pick<MemberCounts, "good" | "bad" | "cancelled">;
  } | null;
}

/** Occurrences whose group is to be made or completed, or has settled (index occurrence_open). */
async function openOccasions(db: Queryable): Promise<readonly Occasion[]> {
  const { rows } = await db.query<Occasion>(sql`
    select t.id as "timedId", t.job_id as id, w.token::text, o.origin, o.nominal, o.fold, t.definition, j.action_id as "actionId",
      w.action_version_id as "actionVersionId", t.actor, o.group_id as "groupId",
      case when c.job_id is not null then json_build_object('state', c.state, 'isSettled', c.settled,
        'counts', json_build_object('good', c.good, 'bad', c.bad, 'cancelled', c.cancelled)) end as "group"
    from callsheet.occurrence o join callsheet.timed_action t on t.id = o.timed_action_id and t.by_members
    join callsheet.work w on w.job_id = t.job_id and w.node_id is null and w.state = 'running' join callsheet.job j on j.id = t.job_id
    left join callsheet.composite c on c.job_id = o.group_id
    where o.kind = 'fired' and o.ended_at is null and (c.job_id is null or c.settled or not c.closed)
    order by o.fired_at`);
  return rows;
}

const OPEN = (timedId: number) => sql`timed_action_id = ${timedId} and kind = 'fired' and ended_at is null`;

/** Lets this process make the group of an occurrence for a while. False: another one does. It saves work, and decides nothing. */
async function tendOccasion(db: Queryable, timedId: number, forMs: number): Promise<boolean> {
  const { count } = await db.query(sql`
    update callsheet.occurrence set tended_until = callsheet.now() + ${forMs}::bigint * interval '1 millisecond'
    where ${OPEN(timedId)} and (tended_until is null or tended_until <= callsheet.now())`);
  return count === 1;
}

/** Says for how long from now the group is still being made; null: it is not. */
async function keepTending(db: Queryable, timedId: number, forMs: number | null): Promise<void> {
  await db.query(sql`
    update callsheet.occurrence set tended_until = callsheet.now() + ${forMs}::bigint * interval '1 millisecond' where ${OPEN(timedId)}`);
}

/** Says which group works on an occurrence, whose job is locked. False: that was said before. */
async function nameGroup(
  tx: Queryable,
  { id, token, timedId }: Pick<Occasion, "id" | "token" | "timedId">,
  groupId: string,
): Promise<boolean> {
  const { count } = await tx.query(sql`
    update callsheet.occurrence set group_id = ${groupId} where ${OPEN(timedId)} and group_id is null`);
  await tx.query(sql`
    update callsheet.elsewhere set handle = ${JSON.stringify({ group: groupId })}::json where job_id = ${id} and token = ${token}::bigint`);
  return count === 1;
}

/** What stands behind occurrences that groups work on. */
export const OCCASIONS = { keepTending, nameGroup, openOccasions, tendOccasion };
