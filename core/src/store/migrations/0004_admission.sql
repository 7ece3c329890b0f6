-- What jobs contend for: pools of units, limits, objects, the share of an owner; pauses; and how long work takes.

-- contended: its jobs take units or locks, or are limited; the statement for plain jobs leaves it alone.
-- host_id: the owner who used it first. Jobs of others are guests, and have an index by owner of their own: what a lane of
-- one owner costs stays as it is. shared: guests have come.
alter table callsheet.lane
  add column contended boolean not null default false,
  add column host_id int,
  add column shared boolean not null default false;
alter table callsheet.work add column guest boolean not null default false;
create index work_guest on callsheet.work (lane_id, rank, owner_id, due_at, job_id) where state = 'pending' and guest;

-- locks: the objects that the job locks while an attempt of it lives, [{"key", "mode"}] in the order of their keys.
-- size: of its work, in the unit that its action counts in; learned durations are kept per class of it.
alter table callsheet.job add column locks json, add column size double precision;

-- A claim's members hold the same units of the same pools each.
alter table callsheet.claim add column pool_ids int[], add column units bigint[];

drop table callsheet.grant_of_units;
create table callsheet.grant_of_units (
  token   bigint not null,
  job_id  uuid not null,
  pool_id int not null,
  units   bigint not null check (units > 0),
  primary key (token, job_id, pool_id)
);

-- scope: 'cluster', 'site/NAME', 'node/NAME' of a resource; 'action', 'queue', 'site' of a limit, whose name '*' is the
-- default of those without one. capacity: what counts now, by its windows; base: what was declared. inherits: a limit whose
-- capacity is the default's. external_total: what the outside last left us, with what we held at that moment; what we start
-- after it counts. used: the sum of what members of claims and grants hold. held_*: reserved for a wide job; held_spare: what
-- jobs that end after held_until may still take. actor, reason: of who last started, stopped or drained it.
alter table callsheet.pool
  add column base bigint not null default 0,
  add column description text not null default '',
  add column tags text[] not null default '{}',
  add column windows jsonb not null default '[]',
  add column external jsonb,
  add column external_total bigint,
  add column external_at timestamptz,
  add column inherits boolean not null default false,
  add column held_spare bigint not null default 0,
  add column actor text,
  add column reason text;

-- A request for an object, and its place in line. number: drawn once for all objects of a job; order of an object's line.
-- token: of the attempt that holds it; null while it waits. An object's row is locked before its tickets are read.
-- passed: it was this one's turn, and nobody could run its job; it is looked at again once somebody can.
drop table callsheet.ticket;
create table callsheet.ticket (
  object_key text not null,
  number     bigint not null,
  job_id     uuid not null,
  lane_id    int not null,
  mode       text not null check (mode in ('shared', 'exclusive')),
  held       boolean not null,
  passed     boolean not null default false,
  token      bigint,
  at         timestamptz not null,
  primary key (object_key, number)
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000, autovacuum_vacuum_cost_delay = 0);
create index ticket_passed on callsheet.ticket (object_key, number) where passed;
-- Whether anybody waits is asked at the end of each attempt that holds an object; mostly nobody does, and the index is empty.
create index ticket_waiting on callsheet.ticket (object_key, number) where not held;
alter table callsheet.object drop column holders, drop column fencing,
  add column actor text, add column reason text, add column quarantined_at timestamptz;
create index object_quarantined on callsheet.object (key) where quarantined;

-- Attempts that nothing is heard from any more, because their job was abandoned or failed by its time-out, and that may
-- still run: they keep what they hold until their node says that they have ended, or is dead.
create table callsheet.remnant (
  token   bigint not null,
  job_id  uuid not null,
  node_id int not null,
  at      timestamptz not null,
  event   text not null,
  primary key (token, job_id)
);

-- What may not start, and who said so. lane.paused and node.paused follow from it.
create table callsheet.pause (
  scope  text not null check (scope in ('action', 'queue', 'site', 'node')),
  name   text not null,
  reason text,
  actor  text not null,
  at     timestamptz not null,
  primary key (scope, name)
);
alter table callsheet.node add column paused boolean not null default false;

-- How long attempts that completed took, by action and size class: a count per power of the square root of two, in milliseconds.
create table callsheet.duration (
  action_id  int not null,
  size_class smallint not null,
  counts     int[] not null,
  at         timestamptz not null,
  primary key (action_id, size_class)
) with (fillfactor = 50);

-- Whether a lane's jobs could run now: it is open, and a live node has what they need. Who could not stands in nobody's way.
create function callsheet.is_served(lane int) returns boolean language sql stable as $$
  select not l.paused and exists (
    select from callsheet.node n
    where n.state = 'up' and not n.paused and n.site = l.site and n.types @> jsonb_build_array(jsonb_build_object('type', l.type))
      and (l.needs -> 'capabilities' is null or n.capabilities @> array(select jsonb_array_elements_text(l.needs -> 'capabilities'))))
  from callsheet.lane l where l.id = lane
$$;

-- Grows with each change of what jobs contend for, so that a claim knows whether what it remembers of pools still holds.
create sequence callsheet.rules_number;
select nextval('callsheet.rules_number');
