-- Exclusion calendars: see decision 59. timed_action.definition names those that a timed action uses, in "calendars"; what has no such
-- field uses none. time_zone: whose local time exclusions mean.
-- Compatible with releases from 0016 on.
create table callsheet.exclusion_calendar (
  name        text collate "C" primary key,
  description text not null,
  time_zone   text not null,
  exclusions  jsonb not null,
  changed_at  timestamptz not null default callsheet.now(),
  actor       text not null,
  reason      text
);
