-- How long settled jobs are kept. state, type: null means every one; of those that fit a job the most exact one counts, one of
-- its type before one of its state. keep_ms: null means for ever.
create table callsheet.retention (
  state   callsheet.job_state check (state >= 'completed'),
  type    text,
  keep_ms bigint check (keep_ms >= 60000),
  at      timestamptz not null default callsheet.now(),
  actor   text not null,
  reason  text,
  unique nulls not distinct (state, type)
);

-- Attempts that live and do not move, since when. One that has ended since, or was superseded, has another token in work, or none.
create table callsheet.stall (
  job_id uuid primary key,
  token  bigint not null,
  since  timestamptz not null
);

-- Lines of history get a partition a day from the day after tomorrow on; all that came before stays in the first one. Where
-- nobody has made a day's partition in time, its lines go into the last one.
alter table callsheet.event detach partition callsheet.event_rest;
do $$
begin
  execute format('alter table callsheet.event attach partition callsheet.event_rest for values from (minvalue) to (%L)',
    to_char((pg_catalog.now() at time zone 'UTC')::date + 2, 'YYYY-MM-DD 00:00:00+00'));
end $$;
create table callsheet.event_other partition of callsheet.event default;
