import type { JobsClient } from "@callsheet/contract";
import { EXIT } from "./exit-code.ts";
import { failure, usageError } from "./failure.ts";

const WHOLE = 36;
/** Up to here an id tells the millisecond in which its job was created. */
const SHORTEST = 13;

/** The ids' first characters, as many as tell each from the others of this list. */
export function abbreviate(ids: readonly string[]): readonly string[] {
  const sorted = [...ids].sort();
  const shared = sorted.slice(1).map((id, at) => commonLength(id, sorted[at]!));
  const length = Math.min(WHOLE, Math.max(SHORTEST, ...shared.map((count) => count + 1)));
  return ids.map((id) => id.slice(0, length));
}

function commonLength(a: string, b: string): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length += 1;
  return length;
}

/** The whole id of a job that is named by it, or by its first characters if no other job's begin so. */
export async function findId(jobs: JobsClient, text: string): Promise<string> {
  const begin = text.toLowerCase();
  if (begin.length === WHOLE) return begin;
  if (!isBeginOfId(begin)) {
    throw usageError(`"${text}" is not the id of a job, nor how one begins.`, "callsheet jobs list shows the ids.");
  }
  // The list is ordered by id: the newest that begin so come first after the last that could.
  const last = begin + "ffffffff-ffff-ffff-ffff-ffffffffffff".slice(begin.length);
  const [first, second] = (await jobs.list({ after: last, limit: 2 })).filter(({ id }) => id.startsWith(begin));
  if (first === undefined) {
    throw failure(
      "job_not_found",
      `No job's id begins with ${begin}.`,
      "callsheet jobs list shows the ids.",
      EXIT.notFound,
    );
  }
  if (second === undefined) return first.id;
  throw usageError(
    `Several jobs' ids begin with ${begin}, among them ${first.id} and ${second.id}.`,
    "Give more of its characters.",
  );
}

/** At least as much of an id as a person would copy; fewer characters name half the jobs there are. */
function isBeginOfId(text: string): boolean {
  return text.length >= 6 && text.length < WHOLE && /^[0-9a-f-]+$/.test(text) && hasDashesInPlace(text);
}

function hasDashesInPlace(text: string): boolean {
  return [...text].every((character, at) => (character === "-") === [8, 13, 18, 23].includes(at));
}
