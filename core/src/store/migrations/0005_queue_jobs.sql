-- What the queue library needs beside the core: see decision 40.

-- The data of a queue job as changed since it was added; null: those that it was added with, which are its configuration.
alter table callsheet.job add column data json;

-- Found by name, and told to those who listen in the order of transactions. Rows of other kinds are in neither.
create index job_named on callsheet.job (action_id, (coalesce(data, configuration) ->> 'name'))
  where kind = 'queue' and (coalesce(data, configuration) ->> 'name') is not null;
create index job_added on callsheet.job (action_id, created_xid) where kind = 'queue';

-- The feed reads lines by the transaction that wrote them. A plain completion is in neither index: it is found by its end.
drop index callsheet.event_feed;
create index event_feed on callsheet.event (xid);
create index outcome_feed on callsheet.outcome (xid) where event is not null;

-- What a queue's listeners are told of and no job's history holds: it is about the queue itself, or the job is gone. Of such a
-- job its last lines are kept here, each with its own transaction, until all have been told.
create table callsheet.queue_event (
  n         bigint generated always as identity primary key,
  action_id int not null,
  at        timestamptz not null,
  xid       bigint not null default pg_current_xact_id()::text::bigint,
  seq       int not null default 2147483647,
  event     text not null,
  job_id    uuid,
  node_id   int,
  actor     text,
  via       text[] not null default '{}',
  data      json
);
create index queue_event_feed on callsheet.queue_event (action_id, xid);

-- Until when an attempt may run. A queue job's data take the place of its action's time-out, and each retry adds a wait. A
-- second is added: its worker, while it answers, ends the attempt itself.
create function callsheet.deadline(started timestamptz, definition jsonb, kind callsheet.job_kind, data json, retries int)
returns timestamptz language sql immutable as $$
  select started + interval '1 millisecond' * case when kind <> 'queue' then (definition ->> 'timeoutMs')::bigint
    else nullif(coalesce((data ->> 'timeout')::bigint, (definition ->> 'timeoutMs')::bigint), 0)
      + coalesce((data ->> 'retryDelay')::bigint, (definition -> 'retry' ->> 'delayMs')::bigint) * retries + 1000 end
$$;
