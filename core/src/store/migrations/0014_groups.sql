-- Groups count their members: see decision 58.

-- Whose member a job is; null of all others. A member that completes as one of its claim leaves no parent in its outcome.
alter table callsheet.work add column parent_id uuid;
alter table callsheet.outcome add column parent_id uuid;
-- parents: of each member of the claim, in the order of ids; only one: it is that of all of them; null: none of them has one.
alter table callsheet.claim add column parents uuid[];

-- grouped: its jobs are members, which a claim has to count. shut: it is the own lane of a composite of which nothing may start.
alter table callsheet.lane
  add column grouped boolean not null default false,
  add column shut boolean not null default false;
create index lane_root on callsheet.lane (root_id) where root_id is not null;

-- waiting: due, and neither due nor planned, included. later: scheduled or retrying. has_failed, has_overrun: of this generation,
-- told already. seq, line_state: where the last line of its history ends. input: what its members are made of, beside their targets. removed: members that
-- retention has taken away; they still count. actor, reason: of who changed the intent last.
alter table callsheet.composite
  add column kind callsheet.job_kind not null default 'group',
  add column later int not null default 0,
  add column settled boolean not null default false,
  add column has_failed boolean not null default false,
  add column has_overrun boolean not null default false,
  add column seq int not null default 1,
  add column line_state callsheet.job_state not null default 'created',
  add column started_at timestamptz,
  add column ended_at timestamptz,
  add column input json,
  add column removed int not null default 0,
  add column actor text,
  add column reason text,
  alter column state set default 'created';
create index composite_unsettled on callsheet.composite (job_id) where not settled;

-- What a member in this state is counted as; null: it is due, as a member is that nothing else is said of.
create function callsheet.member_class(state callsheet.job_state) returns text language sql immutable as $$
  select case when state in ('pending', 'queued', 'waiting_for_lock') then null when state in ('scheduled', 'retrying') then 'later'
    when state = 'created' then 'unplanned' when state in ('running', 'cancelling') then 'live' when state = 'timed_out' then 'overdue'
    when state = 'paused' then 'held' when state in ('completed', 'skipped') then 'good' when state in ('failed', 'partial') then 'bad'
    else 'cancelled' end
$$;

-- While a transaction is under way that changed members: what it changed stands in its setting of this name, and is added to
-- their composites at its end, once for each and in the order of their ids, after all else was locked.
create unlogged table callsheet.member_change (xid bigint primary key default pg_current_xact_id()::text::bigint)
  with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000, autovacuum_vacuum_cost_delay = 0);

create function callsheet.count_member(parent uuid, class text, more int) returns void language plpgsql as $$
declare
  setting text := current_setting('callsheet.member_changes', true);
  changes jsonb;
  own jsonb;
begin
  -- Off: rows are inserted that were counted elsewhere.
  if class is null or setting = 'off' then return; end if;
  if coalesce(setting, '') = '' then insert into callsheet.member_change default values; end if;
  changes := coalesce(nullif(setting, ''), '{}')::jsonb;
  own := coalesce(changes -> parent::text, '{}');
  own := own || jsonb_build_object(class, coalesce((own ->> class)::int, 0) + more);
  perform set_config('callsheet.member_changes', (changes || jsonb_build_object(parent, own))::text, true);
end $$;

-- A member that is given a row of its own while it runs was one of a claim, where it seemed to have completed.
create function callsheet.count_work() returns trigger language plpgsql as $$ begin
  if tg_op <> 'INSERT' then perform callsheet.count_member(old.parent_id, callsheet.member_class(old.state), -1); end if;
  if tg_op <> 'DELETE' then perform callsheet.count_member(new.parent_id, callsheet.member_class(new.state), 1); end if;
  if tg_op = 'INSERT' and new.state = 'running' then perform callsheet.count_member(new.parent_id, 'good', -1); end if;
  return null;
end $$;
create trigger member_inserted after insert on callsheet.work for each row
  when (new.parent_id is not null and new.state <> 'pending') execute function callsheet.count_work();
create trigger member_changed after update of state on callsheet.work for each row
  when (new.parent_id is not null and callsheet.member_class(old.state) is distinct from callsheet.member_class(new.state))
  execute function callsheet.count_work();
create trigger member_deleted after delete on callsheet.work for each row
  when (old.parent_id is not null and old.state not in ('pending', 'queued')) execute function callsheet.count_work();

create function callsheet.count_outcome() returns trigger language plpgsql as $$
declare
  is_rolling boolean := tg_op <> 'DELETE' and new.rollback in ('required', 'running');
  was_rolling boolean := tg_op <> 'INSERT' and old.rollback in ('required', 'running');
begin
  if tg_op <> 'INSERT' then perform callsheet.count_member(old.parent_id, callsheet.member_class(old.state), -1); end if;
  if tg_op <> 'DELETE' then perform callsheet.count_member(new.parent_id, callsheet.member_class(new.state), 1); end if;
  if is_rolling <> was_rolling then
    perform callsheet.count_member(coalesce(new.parent_id, old.parent_id), 'rolling', case when is_rolling then 1 else -1 end);
  end if;
  return null;
end $$;
create trigger member_inserted after insert on callsheet.outcome for each row
  when (new.parent_id is not null) execute function callsheet.count_outcome();
create trigger member_changed after update of state, rollback on callsheet.outcome for each row
  when (new.parent_id is not null and (old.state, old.rollback) is distinct from (new.state, new.rollback))
  execute function callsheet.count_outcome();
create trigger member_deleted after delete on callsheet.outcome for each row
  when (old.parent_id is not null) execute function callsheet.count_outcome();

-- Who leaves a claim has completed, unless he is given a row of his own.
create function callsheet.count_claim() returns trigger language plpgsql as $$
declare
  parents uuid[] := coalesce(new.parents, old.parents);
  left_it int := coalesce(old.open, 0) - coalesce(new.open, 0);
  one record;
begin
  for one in
    select parents[1] as parent_id, abs(left_it) as count where cardinality(parents) = 1 and parents[1] is not null
    union all
    select m.parent_id, count(*)::int
    from unnest(parents) with ordinality as m (parent_id, n)
    where cardinality(parents) > 1 and m.parent_id is not null and get_bit(coalesce(old.ended, new.ended), m.n::int - 1) = 0
      and (tg_op <> 'UPDATE' or get_bit(new.ended, m.n::int - 1) = 1)
    group by m.parent_id
  loop
    perform callsheet.count_member(one.parent_id, 'live', case when tg_op = 'INSERT' then one.count else -one.count end);
    if tg_op <> 'INSERT' then perform callsheet.count_member(one.parent_id, 'good', one.count); end if;
  end loop;
  return null;
end $$;
create trigger members_claimed after insert on callsheet.claim for each row
  when (new.parents is not null) execute function callsheet.count_claim();
create trigger members_left after update of open on callsheet.claim for each row
  when (new.parents is not null) execute function callsheet.count_claim();
create trigger members_gone after delete on callsheet.claim for each row
  when (old.parents is not null) execute function callsheet.count_claim();

create function callsheet.follow_members() returns trigger language plpgsql as $$
declare
  changes jsonb := coalesce(nullif(current_setting('callsheet.member_changes', true), ''), '{}')::jsonb;
  one record;
begin
  perform set_config('callsheet.member_changes', '', true);
  delete from callsheet.member_change where xid = new.xid;
  for one in
    select c.key::uuid as id, m.*, -(m.live + m.overdue + m.held + m.bad + m.good + m.cancelled) as waiting
    from jsonb_each(changes) c cross join lateral jsonb_to_record(
      '{"live": 0, "overdue": 0, "later": 0, "unplanned": 0, "held": 0, "bad": 0, "good": 0, "cancelled": 0, "rolling": 0}' || c.value)
      as m (live int, overdue int, later int, unplanned int, held int, bad int, good int, cancelled int, rolling int)
    order by c.key::uuid
  loop
    update callsheet.composite c
    set live = c.live + one.live, overdue = c.overdue + one.overdue, later = c.later + one.later, unplanned = c.unplanned + one.unplanned,
      held = c.held + one.held, bad = c.bad + one.bad, good = c.good + one.good, cancelled = c.cancelled + one.cancelled,
      rolling = c.rolling + one.rolling, waiting = c.waiting + one.waiting, due = c.due + one.waiting - one.later - one.unplanned
    where c.job_id = one.id;
  end loop;
  return null;
end $$;
create constraint trigger members_changed after insert on callsheet.member_change deferrable initially deferred
  for each row execute function callsheet.follow_members();

-- The contract's composeState, which a test compares it with.
create function callsheet.composed_state(c callsheet.composite) returns text language sql immutable as $$
  select case
    when c.closed and c.live + c.overdue + c.waiting + c.held + c.rolling = 0 then case
      when c.intent = 'cancel' then 'cancelled' when c.bad > 0 then 'failed' when c.cancelled > 0 and c.good = 0 then 'cancelled'
      when c.kind = 'run' and not c.begun then 'skipped' else 'completed' end
    when c.intent = 'cancel' then 'cancelling'
    when c.intent = 'pause' then case when c.live + c.overdue > 0 then 'pausing' else 'paused' end
    when c.live > 0 then 'running'
    when c.kind = 'run' then case when c.begun or c.overdue > 0 then 'running' else 'pending' end
    when c.bad > 0 then 'failed'
    when c.overdue > 0 then 'timed_out'
    when c.due > 0 then 'queued'
    when c.waiting - c.unplanned + c.held + c.good + c.cancelled = 0 then 'created'
    else 'scheduled' end
$$;

-- A line of a composite's history. While it is pausing its members run.
create function callsheet.tell_composite(inout c callsheet.composite, event text) language plpgsql as $$
declare state callsheet.job_state := case when c.state = 'pausing' then 'running' else c.state end;
begin
  c.seq := c.seq + 1;
  insert into callsheet.event (job_id, at, seq, event, from_state, to_state, via, actor, reason, data)
  values (c.job_id, callsheet.now(), c.seq, event, c.line_state, state, '{}', c.actor, c.reason, json_build_object('generation', c.generation));
  c.line_state := state;
end $$;

-- The settled line stands in the outcome, as every job's last line does, until the composite is opened again.
create function callsheet.settle_composite(inout c callsheet.composite) language plpgsql as $$ begin
  c.seq := c.seq + 1;
  c.ended_at := callsheet.now();
  insert into callsheet.outcome (job_id, ended_at, started_at, xid, seq, attempt, retries, state, from_state, rollback, crashes, queued, event,
    via, data, actor, reason, parent_id)
  select c.job_id, c.ended_at, c.started_at, pg_current_xact_id()::text::bigint, c.seq, 0, 0, c.state::callsheet.job_state, c.line_state, 'none', 0,
    false, 'settled', '{}', json_build_object('generation', c.generation, 'good', c.good, 'bad', c.bad, 'cancelled', c.cancelled), c.actor,
    c.reason, parent_id
  from callsheet.job where id = c.job_id;
  c.line_state := c.state;
end $$;

create function callsheet.reopen_composite(inout c callsheet.composite) language plpgsql as $$ begin
  insert into callsheet.event (job_id, at, xid, seq, event, from_state, to_state, via, actor, reason, data)
  select job_id, ended_at, xid, seq, event, from_state, state, via, actor, reason, data from callsheet.outcome where job_id = c.job_id;
  delete from callsheet.outcome where job_id = c.job_id;
  c.generation := c.generation + 1;
  c.has_failed := false;
  c.has_overrun := false;
  c.ended_at := null;
end $$;

-- Nothing starts from a composite's own lane while it is held or cancelled, nor when it has settled.
create function callsheet.shut_lane(c callsheet.composite) returns void language sql as $$
  update callsheet.lane l
  set shut = s.shut, reason = case when s.shut then c.reason end, paused = s.shut or exists (
    select from callsheet.pause p where (p.scope, p.name) in (('site', l.site), ('queue', l.queue), ('action',
      (select v.name from callsheet.action_version v where v.action_id = l.action_id order by v.version desc limit 1))))
  from (select c.settled or c.intent <> 'none' as shut) s
  where l.root_id = c.job_id and l.shut <> s.shut
$$;

-- Whatever changes a composite: its state follows, its history tells of it.
create function callsheet.compose() returns trigger language plpgsql as $$
declare is_reopened boolean;
begin
  new.begun := new.begun or new.live > 0 or new.overdue > 0;
  new.settled := new.closed and new.live + new.overdue + new.waiting + new.held + new.rolling = 0;
  is_reopened := tg_op = 'UPDATE' and old.settled and not new.settled;
  if is_reopened then
    if new.intent = 'cancel' then new.intent := 'none'; end if;
    new := callsheet.reopen_composite(new);
  end if;
  new.state := callsheet.composed_state(new);
  if tg_op = 'INSERT' then return new; end if;
  if is_reopened then new := callsheet.tell_composite(new, 'reopened'); end if;
  if new.intent <> old.intent and not is_reopened then
    new := callsheet.tell_composite(new, case new.intent when 'pause' then 'hold' when 'cancel' then 'cancel' else 'resume' end);
  end if;
  if new.begun and not old.begun then
    new.started_at := callsheet.now();
    new := callsheet.tell_composite(new, 'begun');
  end if;
  if new.overdue > old.overdue and not new.has_overrun then
    new.has_overrun := true;
    new := callsheet.tell_composite(new, 'first_time_out');
  end if;
  if new.bad > old.bad and not new.has_failed then
    new.has_failed := true;
    new := callsheet.tell_composite(new, 'first_failure');
  end if;
  if new.settled and not old.settled then new := callsheet.settle_composite(new); end if;
  if new.settled <> old.settled or new.intent <> old.intent then perform callsheet.shut_lane(new); end if;
  return new;
end $$;
create trigger composed before insert or update on callsheet.composite for each row execute function callsheet.compose();

create or replace view callsheet.job_state_now as
  select w.job_id, w.state from callsheet.work w
  union all
  select o.job_id, o.state from callsheet.outcome o
  union all
  select m.id, 'running'::callsheet.job_state
  from callsheet.claim c, unnest(c.ids) with ordinality as m (id, n)
  where get_bit(c.ended, m.n::int - 1) = 0
  union all
  select c.job_id, (case when c.state = 'pausing' then 'running' else c.state end)::callsheet.job_state from callsheet.composite c where not c.settled;
