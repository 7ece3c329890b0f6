import { areCompatible } from "./lock.ts";
import type { ObjectFacts, TicketFacts } from "./world.ts";

/**
 * Who gets the objects that were freed: jobs that are first in the lines of all their objects, together with compatible
 * ones, in the order of their tickets. `needed` says which objects a waiting job asked for; a job of which a line was not
 * given is passed over. A ticket that is not served, waiting or handed over, stands in nobody's way.
 */
export function nextHolders(
  lines: readonly ObjectFacts[],
  needed: ReadonlyMap<string, readonly string[]>,
): readonly string[] {
  const objects = new Map(lines.map((object) => [object.key, object]));
  const waiting = new Map<string, number>();
  for (const { tickets } of lines)
    for (const { jobId, number, held, isServed } of tickets) if (!held && isServed) waiting.set(jobId, number);
  const inOrder = [...waiting].sort(([, a], [, b]) => a - b);
  return inOrder.flatMap(([jobId, number]) => {
    const keys = needed.get(jobId) ?? [];
    const isFirst = keys.length > 0 && keys.every((key) => leads(objects.get(key), jobId, number));
    return isFirst ? [jobId] : [];
  });
}

function leads(object: ObjectFacts | undefined, jobId: string, number: number): boolean {
  if (object === undefined || object.quarantine !== null) return false;
  const own = object.tickets.find((ticket) => ticket.jobId === jobId && ticket.number === number);
  return own !== undefined && object.tickets.every((other) => !standsBefore(other, own));
}

/** Held is held, whatever the number: it may have come before while `own` was not served. */
function standsBefore(other: TicketFacts, own: TicketFacts): boolean {
  if (other === own || areCompatible(other.mode, own.mode) || !other.isServed) return false;
  return other.held || other.number < own.number;
}
