-- A watch that outlives its watcher: see decision 64. For how long, in milliseconds, those who watched had seen the counter stand
-- still at silent_counter, as of silent_at. Written only of a node that is late, and by no node of itself.
-- Compatible with releases from 0016 on.
alter table callsheet.node
  add column silent_counter bigint,
  add column silent_ms int,
  add column silent_at timestamptz;
