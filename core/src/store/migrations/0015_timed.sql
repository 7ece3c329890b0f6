-- Timed actions: see decision 59. The job of one that waits for its next occurrence has intent 2 in work: it comes due when its
-- timed action says so, and not by itself.

create type callsheet.occurrence_kind as enum ('fired', 'queued', 'skipped');
create type callsheet.occurrence_origin as enum ('rule', 'hand');

-- One row per timed action (lock order: after work and rollback, before object). mark: until when every instant of its rule has
-- fired or was passed over. next_at: the first instant after it; due_at: when that is to be looked at, later by its jitter. Of a
-- rule that counts from the end of an occurrence both are empty until that has ended. ruled_at: since when the rule holds, and what it came to
-- has not been let go of.
create table callsheet.timed_action (
  id         int generated always as identity primary key,
  name       text not null unique,
  job_id     uuid not null unique,
  definition jsonb not null,
  started    boolean not null default false,
  mark       timestamptz not null,
  next_at    timestamptz,
  due_at     timestamptz,
  ruled_at   timestamptz not null,
  created_at timestamptz not null default callsheet.now(),
  actor      text not null,
  reason     text
) with (fillfactor = 50);

-- What became of each instant: the key is the permission to fire. nominal: local time in the zone of the timed action; fold: 1 is
-- the second of two that the clocks show alike. Instants that were passed over one behind the other share a row: until_nominal
-- and until_instant are the last, count how many they are, null when nobody counted. fired_at: when the job became due in fact.
create table callsheet.occurrence (
  timed_action_id int not null,
  origin          callsheet.occurrence_origin not null,
  nominal         text not null,
  fold            smallint not null,
  until_nominal   text not null,
  count           int,
  instant         timestamptz not null,
  until_instant   timestamptz not null,
  kind            callsheet.occurrence_kind not null,
  reason          text,
  at              timestamptz not null default callsheet.now(),
  fired_at        timestamptz,
  ended_at        timestamptz,
  outcome         json,
  primary key (timed_action_id, origin, nominal, fold)
);
create index occurrence_in_time on callsheet.occurrence (timed_action_id, instant);
create index occurrence_queued on callsheet.occurrence (timed_action_id, instant) where kind = 'queued';
-- No two of one timed action are under way.
create unique index occurrence_open on callsheet.occurrence (timed_action_id) where kind = 'fired' and ended_at is null;
