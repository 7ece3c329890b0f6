-- What a node says of itself beside its types: labels by which people find it, and with each heartbeat when it was, how late its
-- event loop was, and how many words of superseded attempts were refused. Nothing is decided by these.
-- actor, reason: of who asked it to drain.
alter table callsheet.node
  add column labels jsonb not null default '{}',
  add column beat_at timestamptz,
  add column lag_ms int not null default 0,
  add column refused int not null default 0,
  add column actor text,
  add column reason text;
