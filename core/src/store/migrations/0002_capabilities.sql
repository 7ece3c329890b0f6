-- What a node has, beside the code of its types: jobs whose lane needs more are not for it.
alter table callsheet.node add column capabilities text[] not null default '{}';
