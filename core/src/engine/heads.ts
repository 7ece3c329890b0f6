import type { Admitter, Candidate, GuestsSeen } from "../store/admission.ts";
import type { Statements } from "../store/store.ts";

/** How many owners of shared lanes one look goes through, all lanes and ranks together. */
const MOST_OWNERS = 400;
/** How many jobs of one line a look reads at least, and at most. */
const [LEAST, MOST] = [20, 1_000];

/** Reads the pending jobs that come first in their lines: enough to fill the queue; what is missing comes with the next look. */
export class Heads {
  #lanes = 1;
  #owners = 1;
  #lines = 6;
  #seen: readonly GuestsSeen[] = [];

  /** `room`: how many jobs the queue takes. `full`: lanes whose jobs have no room. */
  async read(
    tx: Statements,
    { isShared }: Admitter,
    room: number,
    full: readonly number[],
  ): Promise<readonly Candidate[]> {
    const heads = await tx.pendingHeads(limitFor(room, this.#lanes), full);
    this.#lanes = countOf(heads, ({ laneId }) => laneId);
    if (!isShared) return heads;
    const guests = await this.#readGuests(tx, room);
    return [...new Map([...heads, ...guests].map((job) => [job.id, job])).values()];
  }

  /** Each look goes on where the last one stopped, so that any number of owners is seen in turn. */
  async #readGuests(tx: Statements, room: number): Promise<readonly Candidate[]> {
    const owners = Math.max(8, Math.floor(MOST_OWNERS / this.#lines));
    const guests = await tx.guestHeads({ limit: limitFor(room, this.#owners), owners, seen: this.#seen });
    const lines = new Map<string, Set<number>>();
    for (const { laneId, rank, ownerId } of guests) {
      const key = `${laneId}/${rank}`;
      lines.set(key, (lines.get(key) ?? new Set()).add(ownerId));
    }
    this.#owners = countOf(guests, ({ ownerId }) => ownerId);
    this.#lines = Math.max(1, lines.size);
    this.#seen = [...lines].flatMap(([key, ids]) => {
      const [laneId, rank] = key.split("/").map(Number) as [number, number];
      return ids.size < owners ? [] : [{ laneId, rank, ownerId: Math.max(...ids) }];
    });
    return guests;
  }
}

const limitFor = (room: number, lines: number): number =>
  Math.min(MOST, Math.max(LEAST, Math.ceil((4 * room) / lines)));
const countOf = (jobs: readonly Candidate[], key: (job: Candidate) => number): number =>
  Math.max(1, new Set(jobs.map(key)).size);
