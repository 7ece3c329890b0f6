import type { Action, LaneFacts, Needs } from "@callsheet/contract";
import sql, { raw, type Sql } from "sql-template-tag";
import type { Queryable } from "./database.ts";
import { prepared } from "./statement.ts";

/** A version of an action: what jobs hold as their snapshot of it. */
export interface ActionVersion {
  readonly id: number;
  readonly actionId: number;
  readonly definition: Action;
}

type VersionRow = {
  id: number;
  actionId: number;
  version: number;
  definition: Omit<Action, Later> & Partial<Pick<Action, Later>>;
};
/** What definitions that an earlier version stored do not say. */
type Later = "requires" | "needs" | "lock" | "timeLimitMs";
const VERSION = `v.id, v.action_id as "actionId", v.version, v.definition`;

function toVersion({ id, actionId, version, definition }: VersionRow): ActionVersion {
  const before: Pick<Action, Later> = { requires: [], needs: {}, lock: "none", timeLimitMs: null };
  return { id, actionId, definition: { ...before, ...definition, version } };
}

/** Inserts an action with its first version. Fails on the unique name when it exists. */
export async function insertAction(
  tx: Queryable,
  action: Omit<Action, "version">,
  actor: string,
  reason: string | null,
): Promise<ActionVersion> {
  const { rows } = await tx.query<{ id: number }>(sql`
    insert into callsheet.action (name, enabled, version_id) values (${action.name}, ${action.enabled}, 0) returning id`);
  return addVersion(tx, rows[0]!.id, 1, action, actor, reason);
}

/** Adds a version and makes it the one that new jobs copy. */
export async function addVersion(
  tx: Queryable,
  actionId: number,
  version: number,
  action: Omit<Action, "version">,
  actor: string,
  reason: string | null,
): Promise<ActionVersion> {
  const { rows } = await tx.query<{ id: number }>(sql`
    insert into callsheet.action_version (action_id, name, version, type, definition, actor, reason)
    values (${actionId}, ${action.name}, ${version}, ${action.type}, ${JSON.stringify(action)}, ${actor}, ${reason})
    returning id`);
  const { id } = rows[0]!;
  await tx.query(
    sql`update callsheet.action set version_id = ${id}, enabled = ${action.enabled}, name = ${action.name} where id = ${actionId}`,
  );
  return { id, actionId, definition: { ...action, version } };
}

/** Lets what holds for an action by its name, its pause and its limit, hold under another one. */
export async function followRename(tx: Queryable, from: string, to: string): Promise<void> {
  await tx.query(sql`
    update callsheet.pause set name = ${to}
    where scope = 'action' and name = ${from} and not exists (select from callsheet.pause where scope = 'action' and name = ${to})`);
  await tx.query(sql`
    update callsheet.pool set name = ${to}
    where scope = 'action' and name = ${from} and not exists (select from callsheet.pool where scope = 'action' and name = ${to})`);
}

/** The current version of an action by name; locks the action's row when it is to be changed. */
export async function currentAction(
  db: Queryable,
  name: string,
  lock: "" | "for update of a" = "",
): Promise<ActionVersion | undefined> {
  const { rows } = await db.query<VersionRow>({
    text: `select ${VERSION} from callsheet.action a join callsheet.action_version v on v.id = a.version_id where a.name = $1 ${lock}`,
    values: [name],
  });
  return rows[0] && toVersion(rows[0]);
}

export async function allActions(db: Queryable): Promise<readonly ActionVersion[]> {
  const { rows } = await db.query<VersionRow>({
    text: `select ${VERSION} from callsheet.action a join callsheet.action_version v on v.id = a.version_id order by a.name`,
    values: [],
  });
  return rows.map(toVersion);
}

/** Versions by id, also of actions that were deleted since. */
export async function actionVersions(db: Queryable, ids: readonly number[]): Promise<readonly ActionVersion[]> {
  const { rows } = await db.query<VersionRow>({
    text: `select ${VERSION} from callsheet.action_version v where v.id = any($1::int[])`,
    values: [ids],
  });
  return rows.map(toVersion);
}

/** Deletes an action; its versions stay for the jobs that copied them. */
export async function deleteAction(tx: Queryable, actionId: number): Promise<void> {
  await tx.query(sql`delete from callsheet.action where id = ${actionId}`);
}

/** The number of an owner, made on first use. */
export async function ownerId(db: Queryable, name: string): Promise<number> {
  const { rows } = await db.query<{ id: number }>(sql`
    with made as (insert into callsheet.owner (name) values (${name}) on conflict (name) do nothing returning id)
    select id from made union all select id from callsheet.owner where name = ${name} limit 1`);
  // Another transaction made it after this statement's snapshot was taken.
  return rows[0]?.id ?? ownerId(db, name);
}

export async function ownerNames(db: Queryable, ids: readonly number[]): Promise<ReadonlyMap<number, string>> {
  const { rows } = await db.query<{ id: number; name: string }>(
    sql`select id, name from callsheet.owner where id = any(${ids}::int[])`,
  );
  return new Map(rows.map(({ id, name }) => [id, name]));
}

export interface LaneKey {
  readonly site: string;
  readonly queue: string;
  readonly actionId: number;
  readonly type: string;
  readonly needs: Needs;
  /** The group that it is for alone. */
  readonly rootId?: string;
}

/** The place in line of an action's jobs that have these needs. */
export function laneKey({ actionId, definition }: ActionVersion, needs: Needs): LaneKey {
  const { site, queue, type } = definition;
  return { site, queue, actionId, type, needs };
}

/** A place in line, the owner who used it first, and whether others have come. */
export interface Lane {
  readonly id: number;
  readonly hostId: number | null;
  readonly isShared: boolean;
}

/** The name of the action of lane `l`, also when it was deleted: that of its latest version. */
export const LANE_ACTION = raw(
  "(select v.name from callsheet.action_version v where v.action_id = l.action_id order by v.version desc limit 1)",
);

/** The oldest pause that holds a lane: a query of one row or none. */
export const pauseOf = (site: Sql, queue: Sql, action: Sql): Sql => sql`
  select p.scope, p.reason from callsheet.pause p
  where (p.scope, p.name) in (('site', ${site}), ('queue', ${queue}), ('action', ${action}))
  order by p.at, p.scope limit 1`;

/** A lane, made on first use by this owner. */
export async function findLane(db: Queryable, lane: LaneKey, ownerId: number): Promise<Lane> {
  return (await knownLane(db, lane)) ?? (await makeLane(db, lane, ownerId)) ?? findLane(db, lane, ownerId);
}

/** Asked alone: it is planned in a third of the time that it takes to plan how one is made. */
async function knownLane(db: Queryable, lane: LaneKey): Promise<Lane | undefined> {
  const { site, queue, actionId, type, needs, rootId = null } = lane;
  const { rows } = await db.query<Lane>(sql`
    select id, host_id as "hostId", shared as "isShared" from callsheet.lane
    where site = ${site} and queue = ${queue} and action_id = ${actionId} and type = ${type} and needs = ${JSON.stringify(needs)}::jsonb
      and root_id is not distinct from ${rootId}::uuid`);
  return rows[0];
}

/**
 * Makes a lane under the barrier: whoever pauses or limits lanes sees it, or is seen by it. It is paused and limited as its
 * action, queue and site are; what is limited by a default gets a limit of its own. Undefined: somebody else made it meanwhile.
 */
async function makeLane(db: Queryable, lane: LaneKey, ownerId: number): Promise<Lane | undefined> {
  const { site, queue, actionId, type, rootId = null } = lane;
  const needs = JSON.stringify(lane.needs);
  const isContended = lane.needs.units !== undefined || lane.needs.locks !== undefined;
  const { rows } = await db.query<Lane>(sql`
    with l as materialized (
      select ${site}::text as site, ${queue}::text as queue, ${actionId}::int as action_id
      where not exists (select from callsheet.barrier for share)
    ), place as materialized (
      select s.* from l cross join lateral (values ('site', l.site), ('queue', l.queue), ('action', ${LANE_ACTION})) as s (scope, name)
    ), limits as materialized (
      select p.name as limited, p.capacity, place.* from place join callsheet.pool p on p.scope = place.scope and p.name in (place.name, '*')
    ), inherited as (
      insert into callsheet.pool (name, scope, capacity, base, inherits)
      select name, scope, capacity, capacity, true from limits where limited = '*' on conflict (name, scope) do nothing
      returning nextval('callsheet.rules_number')
    ), made as (
      insert into callsheet.lane (site, queue, action_id, type, needs, root_id, host_id, grouped, contended, paused, reason)
      select l.site, l.queue, l.action_id, ${type}, ${needs}::jsonb, ${rootId}::uuid, ${ownerId}, ${lane.needs.members === true},
        ${isContended} or exists (select from limits), p.scope is not null, p.reason
      from l left join lateral (${pauseOf(sql`l.site`, sql`l.queue`, LANE_ACTION)}) p on true
      on conflict do nothing returning id, host_id, shared
    )
    select id, host_id as "hostId", shared as "isShared" from made`);
  return rows[0];
}

/** Says that a lane has jobs of several owners: from now on they take turns. */
export async function shareLane(db: Queryable, id: number): Promise<void> {
  await db.query(sql`update callsheet.lane set shared = true where id = ${id} and not shared`);
}

/** A lane as claims see it. */
export interface ClaimLane extends LaneFacts {
  readonly type: string;
  /** Not for the statement that claims plain jobs. */
  readonly isContended: boolean;
  /** Several owners' jobs take turns. */
  readonly isShared: boolean;
  /** Its jobs are members of groups. */
  readonly isGrouped: boolean;
}

/** Lanes of jobs of these types at a site, with what they need of a node; but those of groups of which nothing may start. */
export async function lanesFor(db: Queryable, site: string, types: readonly string[]): Promise<readonly ClaimLane[]> {
  const lanes = sql`
    select l.id, l.type, l.needs, l.site, l.queue, l.contended as "isContended", l.shared as "isShared",
      l.grouped as "isGrouped",
      coalesce(a.name, (select v.name from callsheet.action_version v where v.action_id = l.action_id order by v.version desc limit 1)) as action,
      case when l.paused then json_build_object('reason', l.reason) end as pause
    from callsheet.lane l left join callsheet.action a on a.id = l.action_id
    where l.site = ${site} and l.type = any(${types}::text[]) and not l.shut order by l.id`;
  const { rows } = await db.query<ClaimLane>(prepared("lanes", lanes));
  return rows;
}

/** Sets a number of the facility's. */
export async function putSetting(db: Queryable, name: string, value: number): Promise<void> {
  await db.query(sql`
    insert into callsheet.setting (name, value) values (${name}, ${JSON.stringify(value)}::jsonb)
    on conflict (name) do update set value = excluded.value`);
}

/** The database's time: the only clock that decides. */
export async function databaseNow(db: Queryable): Promise<Date> {
  const { rows } = await db.query<{ now: Date }>(sql`select callsheet.now() as now`);
  return rows[0]!.now;
}
