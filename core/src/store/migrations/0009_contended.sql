-- Who holds an object alone while nobody else asked for it stands in the object's own row: one write to take it, one to free it.
-- token: of the attempt that holds it so; null: nobody does. lined: who stands at it is told by tickets; there is no holder in
-- the row then. Both change under the row's lock only; whoever needs the line locks the object and writes its holder out.
alter table callsheet.object add column token bigint, add column job_id uuid, add column at timestamptz,
  add column lined boolean not null default false;
update callsheet.object o set lined = true where exists (select from callsheet.ticket t where t.object_key = o.key);

-- Who stands at objects, wherever it is written.
create view callsheet.line as
  select object_key, number, job_id, lane_id, mode, held, passed, token, at from callsheet.ticket
  union all
  select key, 0, job_id, coalesce((select lane_id from callsheet.job where id = job_id), 0), 'exclusive', true, false, token, at
  from callsheet.object where token is not null;

-- Undoes a transaction whose last statements leave together with its commit, when what it was decided on holds no more.
create function callsheet.insist(holds boolean) returns void language plpgsql as $$ begin
  if not holds then raise exception 'What was decided on has changed meanwhile.' using errcode = 'OV001'; end if;
end $$;
