-- Media files and ordered sets of them: see decision 57. n numbers them as they came.
create table callsheet.asset (
  id         text collate "C" primary key,
  n          bigint generated always as identity unique,
  name       text not null,
  root       text collate "C" not null,
  path       text collate "C" not null,
  facts      json,
  facts_at   timestamptz,
  metadata   jsonb not null,
  tags       text[] not null,
  created_at timestamptz not null default callsheet.now(),
  changed_at timestamptz not null default callsheet.now(),
  actor      text not null,
  reason     text,
  constraint asset_file unique (root, path)
);
create index asset_by_tag on callsheet.asset using gin (tags);

create table callsheet.collection (
  id         uuid primary key,
  name       text collate "C" not null constraint collection_name unique,
  created_at timestamptz not null default callsheet.now(),
  changed_at timestamptz not null default callsheet.now(),
  actor      text not null,
  reason     text
);

-- A member is an asset or a nested collection. position: a number of its own, so that what is added later stands behind.
create table callsheet.collection_member (
  collection_id uuid not null references callsheet.collection on delete cascade,
  position      bigint generated always as identity,
  asset_id      text collate "C" references callsheet.asset on delete cascade,
  child_id      uuid references callsheet.collection on delete cascade,
  primary key (collection_id, position),
  constraint member_is_one check (num_nonnulls(asset_id, child_id) = 1),
  constraint member_is_another check (child_id <> collection_id)
);
create unique index member_asset on callsheet.collection_member (asset_id, collection_id) where asset_id is not null;
create unique index member_child on callsheet.collection_member (child_id, collection_id) where child_id is not null;
create index member_nested on callsheet.collection_member (collection_id, position) where child_id is not null;
