import type { Line, Queryable } from "./database.ts";
import { isOvertaken } from "./failure.ts";
import { type Completion, completing, inOrder, keptOf, refusedOf } from "./finish.ts";
import { type Freeing, handOver, insistOnLines, returning } from "./freeing.ts";
import { freeingAlone, leaveLines, lockHeld, lockObjects } from "./objects.ts";

/** What was refused, by completion, and what the others gave back. */
export interface HoldersCompleted extends Freeing {
  readonly refused: readonly (readonly number[])[];
}

/** So many ends in a row look for lines before it is hoped again that there are none. */
const WATCHFUL = 50;

/**
 * Completes members of claims that hold units or objects: with their ends, in the same transaction, objects go to the next in
 * line and units back to their pools. Mostly nobody stands in line: then it is one round trip, undone when somebody does.
 */
export class HolderEnds {
  readonly #line: Line;
  #watchful = 0;

  constructor(line: Line) {
    this.#line = line;
  }

  async complete(completions: readonly Completion[]): Promise<HoldersCompleted> {
    if (this.#watchful === 0) {
      try {
        return await completeAlone(this.#line, completions);
      } catch (error) {
        if (!isOvertaken(error)) throw error;
        if (!completions.some(({ isKept }) => isKept)) this.#watchful = WATCHFUL;
      }
    }
    this.#watchful = Math.max(0, this.#watchful - 1);
    return completeInLines(this.#line, completions);
  }
}

/** Completes all or nothing, where all hold their objects alone. Fails, as `isOvertaken` tells, where that is not so. */
export async function completeAlone(line: Line, completions: readonly Completion[]): Promise<HoldersCompleted> {
  const freed = completions.flatMap((completion) => (completion.isKept ? [] : freedOf(completion, [])));
  const units = unitsOf(new Map(completions.map((completion) => [completion, []])));
  await line.pipeline([
    ...inOrder(completions).map((completion) => completing(completion, "all")),
    ...freeingAlone(freed),
    ...(units.size > 0 ? [returning(units)] : []),
  ]);
  return { refused: completions.map(() => []), granted: [], pools: [...units.keys()] };
}

/** Objects are locked before their lines are read. Units come last: all others wait for them. */
export function completeInLines(line: Line, completions: readonly Completion[]): Promise<HoldersCompleted> {
  const ordered = inOrder(completions);
  const all = [...new Set(ordered.flatMap(({ locks = [] }) => locks.map(({ key }) => key)))];
  return insistOnLines(line, (also) =>
    line.transaction(async (tx) => {
      const [answers, lined] = await Promise.all([
        Promise.all(ordered.map((completion) => tx.query(completing(completion, "some")))),
        also.length > 0 ? lockObjects(tx, [...new Set([...all, ...also])]).then(() => all) : lockHeld(tx, all),
      ]);
      const refused = new Map(ordered.map((completion, place) => [completion, refusedOf(completion, answers[place]!)]));
      const freed = ordered.flatMap((completion, place) =>
        freedOf(completion, [...refused.get(completion)!, ...keptOf(answers[place]!)]),
      );
      const units = unitsOf(refused);
      const inLine = new Set(lined);
      const granted = await passOn(
        tx,
        freed.filter(({ key }) => inLine.has(key)),
      );
      const alone = freed.filter(({ key }) => !inLine.has(key));
      await tx.last([...freeingAlone(alone), ...(units.size > 0 ? [returning(units)] : [])]);
      const pools = [...units.keys()];
      return { refused: completions.map((completion) => refused.get(completion)!), granted, pools };
    }),
  );
}

interface FreedObject {
  readonly key: string;
  readonly jobId: string;
  readonly token: string;
}

/** A member that was refused keeps its objects: it has a row of its own, and ends by that. What a node keeps it holds on to. */
function freedOf({ token, ids, locks, ordinals }: Completion, without: readonly number[]): readonly FreedObject[] {
  if (locks === undefined) return [];
  const gone = new Set(without.map((ordinal) => ids![ordinals.indexOf(ordinal)]));
  return locks.flatMap(({ jobId, key }) => (gone.has(jobId) ? [] : [{ key, jobId, token }]));
}

function unitsOf(refused: ReadonlyMap<Completion, readonly number[]>): ReadonlyMap<number, number> {
  const sums = new Map<number, number>();
  for (const [{ units = [], ordinals }, gone] of refused)
    for (const { poolId, units: each } of units)
      sums.set(poolId, (sums.get(poolId) ?? 0) + each * (ordinals.length - gone.length));
  return sums;
}

/** Takes the tickets of members out of the lines of objects that are locked, and hands those over. */
async function passOn(tx: Queryable, freed: readonly FreedObject[]): Promise<Freeing["granted"]> {
  if (freed.length === 0) return [];
  const keys = [...new Set(freed.map(({ key }) => key))];
  const [, granted] = await Promise.all([
    tx.query({
      name: "drop_members_tickets",
      text: `
        delete from callsheet.ticket t using unnest($1::text[], $2::uuid[], $3::bigint[]) as f (key, job_id, token)
        where t.object_key = f.key and t.job_id = f.job_id and t.token = f.token`,
      values: [
        freed.map(({ key }) => key),
        `{${freed.map(({ jobId }) => jobId).join()}}`,
        `{${freed.map(({ token }) => token).join()}}`,
      ],
    }),
    handOver(tx, keys),
  ]);
  await leaveLines(tx, keys);
  return granted;
}
