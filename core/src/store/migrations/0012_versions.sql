-- Releases side by side: a job needs the version of its type's code that checked it, and a migration says what it goes together
-- with. And a server that lost what it had committed.

-- Whether the code that a node announced understands what a lane's jobs need: this version of the type, or an older one that it reads.
create function callsheet.understands(types jsonb, type text, needs jsonb) returns boolean language sql immutable as $$
  select exists (
    select from jsonb_array_elements(types) t
    where t ->> 'type' = type
      and coalesce((needs ->> 'version')::int, 1) between coalesce((t ->> 'readsFrom')::int, 1) and (t ->> 'version')::int)
$$;

create or replace function callsheet.is_served(lane int) returns boolean language sql stable as $$
  select not l.paused and exists (
    select from callsheet.node n
    where n.state = 'up' and not n.paused and n.site = l.site and n.types @> jsonb_build_array(jsonb_build_object('type', l.type))
      and callsheet.understands(n.types, l.type, l.needs)
      and (l.needs -> 'capabilities' is null or n.capabilities @> array(select jsonb_array_elements_text(l.needs -> 'capabilities'))))
  from callsheet.lane l where l.id = lane
$$;

-- The oldest release that can work with the schema as it is after a migration, told by the number of the last migration that it ships.
alter table callsheet.migration add column compatible_from int;

-- Which server this is, and on which timeline. After a failover to a standby that lagged, or a restore to an earlier moment, it is
-- another one, on which numbers that were given before would be given again: tokens go on far above them. Answers whether it is.
create function callsheet.follow_history() returns boolean language plpgsql as $$
declare here jsonb;
begin
  if pg_is_in_recovery() then return false; end if;
  here := to_jsonb((select system_identifier from pg_control_system()) || '/' || left(pg_walfile_name(pg_current_wal_lsn()), 8));
  if exists (select from callsheet.setting where name = 'history' and value = here) then return false; end if;
  insert into callsheet.setting (name, value) values ('history', here) on conflict (name) do nothing;
  if found then return false; end if;
  update callsheet.setting set value = here where name = 'history' and value <> here;
  if not found then return false; end if;
  perform setval('callsheet.token_number', nextval('callsheet.token_number') + 1000000);
  return true;
end $$;
select callsheet.follow_history();

-- Who gave a secret a value, sealed it anew or removed it, and which attempts asked for it: names, never a value. `version`: of the
-- value. What attempts asked goes with their jobs.
create table callsheet.secret_use (
  id      bigint generated always as identity primary key,
  secret  text not null,
  event   text not null,
  version int not null,
  at      timestamptz not null default callsheet.now(),
  actor   text,
  reason  text,
  job_id  uuid,
  attempt int,
  node_id int
);
create index secret_use_by_name on callsheet.secret_use (secret, id);
create index secret_use_by_job on callsheet.secret_use (job_id) where job_id is not null;
