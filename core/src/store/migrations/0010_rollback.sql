-- Undoing what attempts did: see decision 42.

-- journaled: its attempts have entries in the undo journal that are open. Told with the lock of the row, so that whoever ends
-- an attempt sees the entry that was written a moment before.
alter table callsheet.work add column journaled boolean not null default false;

-- keeps: its action type makes it final when the job completes. error: why it could not be undone, or kept, the last time.
alter table callsheet.undo_entry
  add column keeps boolean not null default false,
  add column error json,
  add column ended_at timestamptz,
  drop constraint undo_entry_state_check,
  add constraint undo_entry_state check (state in ('intent', 'undone', 'failed', 'keeping', 'kept', 'resolved'));

-- What is left to do about journals (lock order: after work): one row per attempt that ended and left entries to undo or to
-- keep, until that is done. token: of the attempt, whose locks and units are held meanwhile. undoes: entries are undone, and the
-- job waits for it; what its rows in work and outcome call required is running while a node has this one. waits: the handler
-- may still run. node_id, fence: who does it, by which token. failed: an operator has to decide. next: steps of the lifecycle
-- that were put off until then, with who asked for them. delay_ms: the wait before the next attempt, which counts from then.
create table callsheet.rollback (
  job_id   uuid not null,
  attempt  int not null,
  token    bigint not null,
  fence    bigint,
  due_at   timestamptz not null,
  delay_ms bigint,
  node_id  int,
  tries    int not null default 0,
  undoes   boolean not null,
  waits    boolean not null,
  failed   boolean not null default false,
  next     json not null default '[]',
  actor    text,
  reason   text,
  primary key (job_id, attempt)
);
create index rollback_open on callsheet.rollback (due_at) where not failed and not waits;

-- The job whose failed rollback put it into quarantine; null: somebody did.
alter table callsheet.object add column rollback_of uuid;
