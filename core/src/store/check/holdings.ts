export const POOLS = `
  select 'pool' as what, p.id, p.name, p.scope, p.used::float8 as used, coalesce(h.units, 0)::float8 as held
  from callsheet.pool p left join (
    select pool_id, sum(units) as units from (
      select pool_id, units from callsheet.grant_of_units
      union all
      select u.pool_id, c.open * u.units from callsheet.claim c, unnest(c.pool_ids, c.units) as u (pool_id, units)
    ) u group by pool_id
  ) h on h.pool_id = p.id order by p.id`;

export const CLAIMS = `
  select 'claim' as what, token::text, cardinality(ids) as size, (select count(distinct id)::int from unnest(ids) id) as different,
    length(ended) as bits, length(ended) - bit_count(ended)::int as unended, open,
    coalesce(cardinality(pool_ids), 0) as pools, coalesce(cardinality(units), 0) as amounts
  from callsheet.claim order by token`;

export const OBJECTS = `
  select 'object' as what, object_key as key, json_agg(json_build_object('jobId', job_id, 'mode', mode) order by number) as holders
  from callsheet.line where held group by object_key order by object_key`;
