-- The tables of jobs, their lanes, nodes and history, and those that locks, resources and composites will use.
-- Numbers beside a table are its place in the lock order: barrier, work, object, pool, composite, node.

create function callsheet.now() returns timestamptz language sql stable as 'select pg_catalog.now()';

create type callsheet.job_state as enum (
  'created', 'scheduled', 'pending', 'queued', 'waiting_for_lock', 'running', 'timed_out', 'retrying', 'cancelling',
  'paused', 'completed', 'partial', 'failed', 'skipped', 'cancelled');
create type callsheet.job_kind as enum ('job', 'group', 'run', 'task', 'timed', 'queue');
create type callsheet.job_origin as enum ('library', 'api', 'person', 'workflow', 'timed', 'filter', 'queue');
create type callsheet.rollback_state as enum ('none', 'required', 'running', 'done', 'failed');

-- Dictionaries: small, read from memory by every process.
create table callsheet.owner (
  id   int generated always as identity primary key,
  name text not null unique
);

create table callsheet.action (
  id         int generated always as identity primary key,
  name       text not null unique,
  enabled    boolean not null,
  version_id int not null,
  created_at timestamptz not null default callsheet.now()
);

-- Every version of an action, kept as long as a job refers to it: a job's snapshot of its action.
create table callsheet.action_version (
  id         int generated always as identity primary key,
  action_id  int not null,
  name       text not null,
  version    int not null,
  type       text not null,
  definition jsonb not null,
  at         timestamptz not null default callsheet.now(),
  actor      text not null,
  reason     text,
  unique (action_id, version)
);

-- What may run here, or why not. One row per kind of place in line.
create table callsheet.lane (
  id        int generated always as identity primary key,
  site      text not null,
  queue     text not null,
  action_id int not null,
  type      text not null,
  needs     jsonb not null default '{}',
  root_id   uuid,
  paused    boolean not null default false,
  reason    text,
  unique nulls not distinct (site, queue, action_id, type, needs, root_id)
);

-- The question: one row per job, for ever. Written at creation; changed only when the job is planned, amended or reprioritised.
create table callsheet.job (
  id                    uuid primary key,
  created_at            timestamptz not null,
  start_at              timestamptz,
  created_xid           bigint not null,
  action_id             int not null,
  action_version_id     int not null,
  owner_id              int not null,
  lane_id               int not null,
  first_state           callsheet.job_state not null,
  kind                  callsheet.job_kind not null,
  origin                callsheet.job_origin not null,
  configuration_version int not null,
  rank                  smallint not null,
  configuration         json not null,
  parent_id             uuid,
  target_type           text,
  target_id             text,
  tags                  text[],
  idempotency_key       text,
  request_hash          text,
  variables             json,
  actor                 text,
  reason                text
) with (fillfactor = 100, autovacuum_vacuum_insert_scale_factor = 0.5);
create index job_by_action on callsheet.job (action_id, id);
create index job_by_owner on callsheet.job (owner_id, id);
create index job_by_target on callsheet.job (target_id, target_type, id) where target_id is not null;
create index job_by_parent on callsheet.job (parent_id, id) where parent_id is not null;
create index job_by_tag on callsheet.job using gin (tags) where tags is not null;
create unique index job_idempotency on callsheet.job (action_id, idempotency_key) where idempotency_key is not null;

-- The state of a job that is not settled (lock order: 2). Narrow, because each transition rewrites it.
-- turn: effective rank and due time in one number that sorts (contract: turnOf); kept while a job that had one runs.
-- rank: 0 urgent, 1 highest … 5 lowest. plain: fresh, without needs: may run as a member of a claim.
-- line_state: where the last written line of history ends; states passed since then are named by the next line.
-- intent: 1 retry when the attempt has ended.
create table callsheet.work (
  job_id            uuid primary key,
  due_at            timestamptz,
  turn              bigint,
  token             bigint,
  started_at        timestamptz,
  deadline          timestamptz,
  lane_id           int not null,
  owner_id          int not null,
  action_version_id int not null,
  seq               int not null,
  attempt           int not null,
  retries           int not null,
  node_id           int,
  state             callsheet.job_state not null,
  line_state        callsheet.job_state not null,
  rollback          callsheet.rollback_state not null,
  rank              smallint not null,
  crashes           smallint not null,
  intent            smallint not null,
  plain             boolean not null,
  -- One constraint, cheapest test first: it is checked at each transition. The enum lists unsettled states first.
  constraint work_state check (state < 'completed'
    and (state <> 'queued' or turn is not null)
    and (node_id is not null) = (state = 'running' or state = 'timed_out' or state = 'cancelling')
    and (due_at is not null or state = 'created' or state = 'paused'))
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000,
        autovacuum_vacuum_cost_delay = 0, autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 50000);
create index work_queued on callsheet.work (turn) where state = 'queued';
create index work_pending on callsheet.work (lane_id, rank, due_at, job_id) where state = 'pending';
create index work_due on callsheet.work (due_at) where state in ('scheduled', 'retrying');
create index work_deadline on callsheet.work (deadline) where state = 'running' and deadline is not null;
create index work_live on callsheet.work (node_id) where state in ('running', 'timed_out', 'cancelling');
create index work_idle on callsheet.work (state) where state in ('created', 'waiting_for_lock', 'paused');

-- Fresh plain jobs that one node took together: while a job is a member that has not ended, it is running.
-- ended: a bit per member, in the order of ids. A member leaves by its bit, never by a change of ids.
create table callsheet.claim (
  token      bigint primary key,
  node_id    int not null,
  started_at timestamptz not null,
  queued     int not null,
  open       int not null,
  ended      bit varying not null,
  ids        uuid[] not null
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
alter table callsheet.claim alter column ids set storage external;
create index claim_node on callsheet.claim (node_id);
create sequence callsheet.token_number;

-- The answer: one row per settled job, and at the same time the last line of its history.
-- from_state: where the line begins. via: states passed; null for a fresh plain job, which passed queued, when that is
-- set, and running. event: null when it is the usual one of the state (complete, complete_partly, fail, skip, cancel).
create table callsheet.outcome (
  job_id     uuid primary key,
  ended_at   timestamptz not null,
  started_at timestamptz,
  xid        bigint not null,
  token      bigint,
  node_id    int,
  seq        int not null,
  attempt    int not null,
  retries    int not null,
  state      callsheet.job_state not null,
  from_state callsheet.job_state not null,
  rollback   callsheet.rollback_state not null,
  crashes    smallint not null,
  queued     boolean not null,
  event      text,
  via        callsheet.job_state[],
  result     json,
  error      json,
  progress   json,
  data       json,
  actor      text,
  reason     text,
  constraint outcome_state check (state >= 'completed')
) with (fillfactor = 100, autovacuum_vacuum_insert_scale_factor = 0.5);
create index outcome_by_end on callsheet.outcome (ended_at);
create index outcome_by_state on callsheet.outcome (state, ended_at) where state <> 'completed';

-- The states between the last line and now, in order.
create function callsheet.passed(line callsheet.job_state, state callsheet.job_state, queued boolean)
returns callsheet.job_state[] language sql immutable as $$
  select case when line = state then '{}'::callsheet.job_state[] else array_remove(array[
    case when line in ('scheduled', 'retrying') and state <> 'pending' then 'pending'::callsheet.job_state end,
    case when queued and state <> 'queued' and line <> 'queued' then 'queued'::callsheet.job_state end,
    state], null) end
$$;

create function callsheet.usual_event(state callsheet.job_state) returns text language sql immutable as $$
  select case state when 'completed' then 'complete' when 'partial' then 'complete_partly' when 'failed' then 'fail'
    when 'skipped' then 'skip' else 'cancel' end
$$;

-- Lines of history beside the first (in job) and the last (in outcome). Append-only, a partition a day.
create table callsheet.event (
  job_id     uuid not null,
  at         timestamptz not null,
  xid        bigint not null default pg_current_xact_id()::text::bigint,
  token      bigint,
  seq        int not null,
  node_id    int,
  attempt    int,
  event      text not null,
  from_state callsheet.job_state not null,
  to_state   callsheet.job_state not null,
  via        callsheet.job_state[],
  actor      text,
  reason     text,
  data       json,
  primary key (job_id, seq, at)
) partition by range (at);
create table callsheet.event_rest partition of callsheet.event default;
create index event_feed on callsheet.event using brin (xid);

-- Configurations that were replaced, with who, when and the difference to the next one.
create table callsheet.configuration (
  job_id        uuid not null,
  version       int not null,
  configuration json not null,
  difference    json not null,
  at            timestamptz not null,
  actor         text not null,
  reason        text,
  primary key (job_id, version)
);

-- What a running attempt last said of itself, and the variables that attempts of a job share.
create table callsheet.progress (
  job_id  uuid primary key,
  token   bigint not null,
  percent real not null,
  message text,
  stats   json,
  at      timestamptz not null
) with (fillfactor = 50);
create table callsheet.variable (
  job_id uuid not null,
  name   text not null,
  value  json not null,
  primary key (job_id, name)
);
create table callsheet.log_line (
  job_id  uuid not null,
  attempt int not null,
  n       int not null,
  at      timestamptz not null,
  level   text not null,
  message text not null,
  primary key (job_id, attempt, n)
);

-- One row per life of a node (lock order: 6). counter: heartbeats, judged by observers, never by a clock.
create table callsheet.node (
  id          int generated always as identity primary key,
  name        text not null,
  incarnation uuid not null unique,
  host        text not null,
  boot_id     text not null,
  pid         int not null,
  pid_started text not null,
  site        text not null,
  slots       int not null,
  types       jsonb not null,
  state       text not null check (state in ('up', 'draining', 'gone', 'dead')),
  counter     bigint not null default 0,
  started_at  timestamptz not null default callsheet.now(),
  ended_at    timestamptz,
  cause       text
) with (fillfactor = 50);
create unique index node_name on callsheet.node (name) where state in ('up', 'draining');

-- What an attempt did and how to undo it, written before the effect.
create table callsheet.undo_entry (
  job_id  uuid not null,
  attempt int not null,
  n       int not null,
  name    text not null,
  path    text,
  data    json not null,
  state   text not null check (state in ('intent', 'undone', 'failed', 'kept')),
  at      timestamptz not null,
  primary key (job_id, attempt, n)
);

-- Lockable things in use and the requests for them (lock order: 3).
create table callsheet.object (
  key         text primary key check (octet_length(key) <= 301),
  holders     int not null default 0 check (holders >= 0),
  fencing     bigint not null default 0,
  quarantined boolean not null default false
) with (fillfactor = 50);
create sequence callsheet.ticket_number;
create table callsheet.ticket (
  object_key text not null,
  number     bigint not null,
  job_id     uuid not null,
  mode       text not null check (mode in ('shared', 'exclusive')),
  held       boolean not null,
  primary key (object_key, number)
);
create index ticket_job on callsheet.ticket (job_id);

-- Things with a capacity, and the units that attempts hold (lock order: 4).
create table callsheet.pool (
  id         int generated always as identity primary key,
  name       text not null,
  scope      text not null,
  capacity   bigint not null check (capacity >= 0),
  used       bigint not null default 0 check (used >= 0),
  held_units bigint not null default 0,
  held_until timestamptz,
  held_for   uuid,
  state      text not null default 'started' check (state in ('started', 'stopped', 'draining')),
  unique (name, scope)
) with (fillfactor = 50);
create table callsheet.grant_of_units (
  job_id  uuid not null,
  pool_id int not null,
  units   bigint not null check (units > 0),
  primary key (job_id, pool_id)
);

-- Groups and runs (lock order: 5).
create table callsheet.composite (
  job_id     uuid primary key,
  live       int not null default 0,
  overdue    int not null default 0,
  due        int not null default 0,
  waiting    int not null default 0,
  unplanned  int not null default 0,
  held       int not null default 0,
  bad        int not null default 0,
  good       int not null default 0,
  cancelled  int not null default 0,
  rolling    int not null default 0,
  begun      boolean not null default false,
  intent     text not null default 'none' check (intent in ('none', 'pause', 'cancel')),
  closed     boolean not null default false,
  generation int not null default 1,
  state      text not null
) with (fillfactor = 50);

-- One row per engine transaction that must be recognised after a lost answer.
create table callsheet.receipt (
  id uuid primary key,
  at timestamptz not null default callsheet.now()
);

-- Numbers that a facility sets for all of Callsheet.
create table callsheet.setting (
  name  text primary key,
  value jsonb not null
);
insert into callsheet.setting values ('queue_capacity', '1000'), ('ageing_step_ms', '600000');

-- Every job with its state, wherever that stands. Members of a claim are running.
create view callsheet.job_state_now as
  select w.job_id, w.state from callsheet.work w
  union all
  select o.job_id, o.state from callsheet.outcome o
  union all
  select m.id, 'running'::callsheet.job_state
  from callsheet.claim c, unnest(c.ids) with ordinality as m (id, n)
  where get_bit(c.ended, m.n::int - 1) = 0;
