-- A node that starts many jobs keeps the objects that they locked alone: nobody else takes such an object, and this node does so
-- without a write. keeper_id: the node that keeps it; token then says only that others cannot have it. Who holds it stands in a claim
-- of that node: a member that has not ended.
alter table callsheet.object add column keeper_id int,
  add constraint object_kept_alone check (keeper_id is null or (token is not null and job_id is null and not lined and not quarantined));
create index object_kept on callsheet.object (keeper_id) where keeper_id is not null;
-- kept: the objects that members hold and the node keeps, one for each at most, in the order of ids; null: what members hold is
-- written at their objects.
alter table callsheet.claim add column kept text[];

-- One row for each node that keeps objects (lock order: after work, before object; claims are only tried from there). changes: how often some were taken
-- back from it. A claim that takes what is kept locks the row (share) and fails when the number is not the one that it knows.
create table callsheet.keeper (
  node_id int primary key,
  changes bigint not null default 0
);

-- The first object that a job locks, as a number, by which a claim passes over jobs of objects that are in use; null: it is not known.
alter table callsheet.work add column object_hash int;

-- Who holds the objects that nodes keep.
create view callsheet.kept as
  select m.key as object_key, m.id as job_id, c.token, c.started_at, c.node_id
  from callsheet.claim c cross join unnest(c.ids, c.kept) with ordinality as m (id, key, n)
  where c.kept is not null and m.key is not null and get_bit(c.ended, m.n::int - 1) = 0;

-- Who stands at objects, wherever it is written.
create or replace view callsheet.line as
  select object_key, number, job_id, lane_id, mode, held, passed, token, at from callsheet.ticket
  union all
  select key, 0, job_id, coalesce((select lane_id from callsheet.job where id = job_id), 0), 'exclusive', true, false, token, at
  from callsheet.object where token is not null and keeper_id is null
  union all
  select object_key, 0, job_id, coalesce((select lane_id from callsheet.job where id = job_id), 0), 'exclusive', true, false, token, started_at
  from callsheet.kept;
