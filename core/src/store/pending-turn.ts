import { type Level, PRIORITIES, turnOf } from "@callsheet/contract";

const START = new Date(0);
/** By how much turns of one rank are above those of the next better one. */
const RANK_SPAN = turnOf((PRIORITIES.urgent - 1) as Level, START, 0);

/**
 * What contract `turnOf` says of a job's columns, as an expression: where a pending job stands among queued ones. `job`: the
 * alias of its row. What waiting has added to its level is left out.
 */
export function pendingTurn(job: string, share: number): string {
  const base = turnOf(PRIORITIES.urgent, START, share);
  return `(${job}.rank * ${RANK_SPAN} + ${base} + floor(extract(epoch from ${job}.due_at) * 1000)::bigint)`;
}
