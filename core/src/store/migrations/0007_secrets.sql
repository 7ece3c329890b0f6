-- What jobs refer to by name and nobody reads back: see decision 45. `sealed` holds the nonce, the tag and the encrypted value;
-- the keys are in files outside. `actions`: the only ones whose jobs may use it; null: every one.
create table callsheet.secret (
  name       text primary key,
  version    int not null default 1,
  key_id     text not null,
  sealed     bytea not null,
  actions    text[],
  changed_at timestamptz not null default callsheet.now(),
  actor      text not null,
  reason     text
);
