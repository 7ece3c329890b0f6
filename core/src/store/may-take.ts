import sql, { raw, type Sql } from "sql-template-tag";

/**
 * Whether a node may take a row, which names the node that has taken it and the fence that it took it under: nobody has it, a
 * dead node has, or this one took it without hearing of it. `underWay`: fences of those that it works on.
 */
export const mayTake = (row: string, nodeId: number, underWay: readonly string[]): Sql => sql`
  (${raw(row)}.node_id is null or ${raw(row)}.node_id = ${nodeId} and ${raw(row)}.fence <> all (${underWay}::bigint[])
    or exists (select from callsheet.node o where o.id = ${raw(row)}.node_id and o.state in ('gone', 'dead')))`;
