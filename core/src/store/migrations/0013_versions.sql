-- Releases side by side. A job needs the version of its type's code that checked it; what a migration is compatible with.

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
