-- The version of the time zone data by which a node computes local times, such as 2025c; null: it is not known.
-- Compatible with releases from 0016 on.
alter table callsheet.node add column time_zones text;
