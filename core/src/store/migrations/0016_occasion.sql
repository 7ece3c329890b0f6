-- Occurrences that are worked on by a group: see decision 59.

-- by_members: each occurrence makes a group of the members of its job's target, and that works instead of the job itself.
alter table callsheet.timed_action add column by_members boolean not null default false;

-- group_id: the group that works on it, once that is stored. tended_until: until when some process makes that group.
alter table callsheet.occurrence
  add column group_id uuid,
  add column tended_until timestamptz;
