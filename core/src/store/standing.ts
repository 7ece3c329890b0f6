import type { Queryable } from "./database.ts";

/**
 * Whether an attempt still counts: its token stands, as a row or as a member of its claim (by primary keys), and the life of
 * the node that runs it has not ended.
 */
export async function isStanding(db: Queryable, id: string, token: string): Promise<boolean> {
  const { rows } = await db.query({
    text: `
      select from callsheet.node n
      where n.state in ('up', 'draining') and n.id in (
        select w.node_id from callsheet.work w
        where w.job_id = $1::uuid and w.token = $2::bigint and w.state in ('running', 'timed_out', 'cancelling')
        union all
        select c.node_id from callsheet.claim c, unnest(c.ids) with ordinality as m (id, n)
        where c.token = $2::bigint and m.id = $1::uuid and get_bit(c.ended, m.n::int - 1) = 0)`,
    values: [id, token],
  });
  return rows.length > 0;
}
