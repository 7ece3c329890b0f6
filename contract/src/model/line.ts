import { areCompatible } from "./lock.ts";
import type { ObjectFacts, TicketFacts } from "./world.ts";

/** Whose turn it is at objects that were freed. */
export interface Turns {
  /** Jobs that get all their objects, in the order of their tickets. */
  readonly granted: readonly string[];
  /** Jobs that would get them if they were served. */
  readonly passed: readonly string[];
}

/**
 * Who gets the objects that were freed: jobs that are first in the lines of all their objects, together with compatible
 * ones, in the order of their tickets. `needed` says which objects a waiting job asked for; a job of which a line was not
 * given is passed over. A waiting ticket that is not served stands in nobody's way; who holds, always does.
 */
export function nextHolders(lines: readonly ObjectFacts[], needed: ReadonlyMap<string, readonly string[]>): Turns {
  const objects = new Map(lines.map((object) => [object.key, object]));
  const waiting = new Map<string, TicketFacts>();
  for (const { tickets } of lines) for (const ticket of tickets) if (!ticket.held) waiting.set(ticket.jobId, ticket);
  const first = [...waiting.values()]
    .sort((a, b) => a.number - b.number)
    .filter((ticket) => {
      const keys = needed.get(ticket.jobId) ?? [];
      return keys.length > 0 && keys.every((key) => leads(objects.get(key), ticket));
    });
  const ids = (tickets: readonly TicketFacts[]) => tickets.map(({ jobId }) => jobId);
  return { granted: ids(first.filter(({ isServed }) => isServed)), passed: ids(first.filter((one) => !one.isServed)) };
}

function leads(object: ObjectFacts | undefined, { jobId, number }: TicketFacts): boolean {
  if (object === undefined || object.quarantine !== null) return false;
  const own = object.tickets.find((ticket) => ticket.jobId === jobId && ticket.number === number);
  return own !== undefined && object.tickets.every((other) => !standsBefore(other, own));
}

/** Held is held, whatever the number: it may have come before while `own` was not served. */
function standsBefore(other: TicketFacts, own: TicketFacts): boolean {
  if (other === own || areCompatible(other.mode, own.mode)) return false;
  return other.held || (other.isServed && other.number < own.number);
}
