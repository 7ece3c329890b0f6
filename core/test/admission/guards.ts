import { expect } from "vitest";
import { type TestDatabase, until } from "../../src/testing/index.ts";

/*
 * Watches every write, in the transaction that makes it and under its locks: units are taken only while there are some; an
 * object is given only to who excludes no other holder and passes nobody who waits and can be served; and its numbers grow.
 */
const GUARDS = `
  create table callsheet.number_seen (object_key text primary key, token bigint not null);
  create function callsheet.guard_pool() returns trigger language plpgsql as $$ begin
    if new.used < 0 or (new.used > old.used and new.used > new.capacity) then
      raise exception 'pool % overdrawn: % of %', new.name, new.used, new.capacity;
    end if;
    return null;
  end $$;
  create trigger guard after update on callsheet.pool for each row execute function callsheet.guard_pool();
  create function callsheet.guard_ticket() returns trigger language plpgsql as $$ begin
    if not exists (select from callsheet.ticket where object_key = new.object_key and number = new.number and held) then return null; end if;
    perform from callsheet.ticket o
    where o.object_key = new.object_key and o.number <> new.number and (o.mode = 'exclusive' or new.mode = 'exclusive')
      and (o.held or (o.number < new.number and (tg_op = 'INSERT' or not old.held) and callsheet.is_served(o.lane_id)));
    if found then raise exception '% given to % out of turn', new.object_key, new.job_id; end if;
    if new.token is not null then
      perform from callsheet.number_seen where object_key = new.object_key and token > new.token;
      if found then raise exception 'number % of % does not grow', new.token, new.object_key; end if;
      insert into callsheet.number_seen values (new.object_key, new.token)
      on conflict (object_key) do update set token = excluded.token;
    end if;
    return null;
  end $$;
  create function callsheet.guard_object() returns trigger language plpgsql as $$ begin
    -- Taken back from the node that kept it: who held it holds it.
    if old.keeper_id is not null and new.keeper_id is not null then return null; end if;
    if old.keeper_id is not null then
      perform from callsheet.number_seen where object_key = new.key and token = new.token;
      if not found then raise exception '% told to be held by %, which it is not', new.key, new.job_id; end if;
      return null;
    end if;
    perform from callsheet.ticket where object_key = new.key;
    if found or old.token is not null or new.lined or new.quarantined then raise exception '% given to % out of turn', new.key, new.job_id; end if;
    perform from callsheet.number_seen where object_key = new.key and token > new.token;
    if found then raise exception 'number % of % does not grow', new.token, new.key; end if;
    insert into callsheet.number_seen values (new.key, new.token) on conflict (object_key) do update set token = excluded.token;
    return null;
  end $$;
  create function callsheet.guard_claim() returns trigger language plpgsql as $$
  declare
    other record;
  begin
    select l.object_key, l.job_id into other from callsheet.line l join unnest(new.kept) as k (key) on k.key = l.object_key where l.token is distinct from new.token;
    if found then raise exception '% given to a member of %, while % stands there', other.object_key, new.token, other.job_id; end if;
    select k.key into other from unnest(new.kept) as k (key)
    where k.key is not null and not exists (select from callsheet.object o where o.key = k.key and o.keeper_id = new.node_id);
    if found then raise exception '% is not kept by %', other.key, new.node_id; end if;
    select n.object_key, n.token into other from callsheet.number_seen n where n.object_key = any(new.kept) and n.token > new.token;
    if found then raise exception 'number % of % does not grow', new.token, other.object_key; end if;
    insert into callsheet.number_seen select key, new.token from unnest(new.kept) as key where key is not null
    on conflict (object_key) do update set token = excluded.token;
    return null;
  end $$;
  create trigger guard after insert on callsheet.claim for each row when (new.kept is not null) execute function callsheet.guard_claim();
  create trigger guard after update on callsheet.object for each row
    when (new.token is not null and (new.token, new.keeper_id) is distinct from (old.token, old.keeper_id)) execute function callsheet.guard_object();
  create trigger guard after insert or update on callsheet.ticket for each row when (new.held) execute function callsheet.guard_ticket();`;

/** From here on every write to pools and lines is watched: one that must not be fails. */
export async function watchHoldings({ db }: TestDatabase): Promise<void> {
  await db.query({ text: GUARDS, values: [] });
}

/** A pause, or its end, as an operator sets it: nobody decides on anything meanwhile. */
export async function setPaused({ db }: TestDatabase, laneId: number, paused: boolean): Promise<void> {
  await db.transaction(async (tx) => {
    await tx.query({ text: "lock table callsheet.barrier in exclusive mode", values: [] });
    await tx.query({ text: "lock table callsheet.ticket in exclusive mode", values: [] });
    await tx.query({ text: "update callsheet.lane set paused = $2 where id = $1", values: [laneId, paused] });
  });
}

/** Nobody waited for who waited for him. To be asked when those who worked have closed their connections: then they have counted. */
export async function expectNoDeadlock({ db }: TestDatabase): Promise<void> {
  const { rows } = await db.query<{ deadlocks: number }>({
    text: "select deadlocks::int as deadlocks from pg_stat_database where datname = current_database()",
    values: [],
  });
  expect(rows).toEqual([{ deadlocks: 0 }]);
}

/** Waits until so many jobs have ended. */
export async function allEnded(database: TestDatabase, count: number, deadlineMs: number): Promise<void> {
  const { db } = database;
  await until(
    async () => {
      const { rows } = await db.query<{ count: number }>({
        text: "select count(*)::int as count from callsheet.outcome",
        values: [],
      });
      return rows[0]!.count >= count;
    },
    { deadlineMs, what: `The end of ${count} jobs` },
  );
}
