-- Attempts whose handler has returned while their work goes on elsewhere: see decision 54.

-- A live job that no node runs is one of an attempt that lives elsewhere.
alter table callsheet.work
  drop constraint work_state,
  add constraint work_state check (state < 'completed'
    and (state <> 'queued' or turn is not null)
    and (node_id is null or state = 'running' or state = 'timed_out' or state = 'cancelling')
    and (due_at is not null or state = 'created' or state = 'paused'));
alter table callsheet.remnant alter column node_id drop not null;

-- One row per attempt that lives, or has lived, elsewhere, or may (lock order: after work, before rollback). secret: the SHA-256 of
-- its completion token; null: nobody asked for one. since: when its handler had returned; null: it has not, or ended in another
-- way. word: how it ended, as JSON, said before its handler had returned. moved_at: when it last showed that it goes on. stall_ms,
-- extend_ms: after how long without that it has stalled; for how long from then its time-out is put off; null: never.
-- poll_at: when a node is to look at it; null: nobody has to. told: it was asked to stop. node_id, fence: who looks at it, by
-- which token. problem: why that failed the last time.
create table callsheet.elsewhere (
  job_id     uuid not null,
  token      bigint not null,
  attempt    int not null,
  secret     bytea unique,
  handle     json,
  word       json,
  since      timestamptz,
  moved_at   timestamptz,
  stall_ms   bigint,
  extend_ms  bigint,
  every_ms   bigint,
  poll_at    timestamptz,
  polled_at  timestamptz,
  problem    json,
  told       boolean not null default false,
  node_id    int,
  fence      bigint,
  ended_at   timestamptz,
  primary key (job_id, token)
) with (fillfactor = 50);
create index elsewhere_due on callsheet.elsewhere (poll_at) where poll_at is not null;
create index elsewhere_silent on callsheet.elsewhere (moved_at) where stall_ms is not null and ended_at is null;
