import { type Level, PRIORITIES } from "./priority.ts";

/** Who a job belongs to, by name or number. */
export type Owner = string | number;

/** A job that stands in line with those of other owners. */
export interface Contender {
  readonly id: string;
  readonly owner: Owner;
  /** With what waiting has added to it. */
  readonly effective: Level;
  readonly dueAt: Date;
  /** Its place in the queue; null: it has none yet. */
  readonly turn: number | null;
}

/**
 * Asks each job, best first, whether it is served: by effective level; at one level the owner who has fewest jobs goes
 * first, then the earlier due. `busy` says how many each owner has to begin with; each job that is served counts at once.
 */
export function takeTurns<Job extends Contender>(
  jobs: readonly Job[],
  busy: ReadonlyMap<Owner, number>,
  serve: (job: Job, before: number) => boolean,
): void {
  const counts = new Map(busy);
  for (const level of byLevel(jobs)) {
    const heads = new Heap<Line<Job>>(compareHeads);
    for (const line of linesOf(level)) heads.push({ ...line, before: counts.get(line.owner) ?? 0 });
    for (let head = heads.pop(); head !== undefined; head = heads.pop()) {
      const { owner, jobs: line, next, before } = head;
      const isServed = serve(line[next]!, before);
      const now = before + (isServed ? 1 : 0);
      counts.set(owner, now);
      if (next + 1 < line.length) heads.push({ owner, jobs: line, next: next + 1, before: now });
    }
  }
}

/** The jobs of one owner at one level, and which of them is next. */
interface Line<Job> {
  readonly owner: Owner;
  readonly jobs: readonly Job[];
  readonly next: number;
  readonly before: number;
}

function byLevel<Job extends Contender>(jobs: readonly Job[]): readonly (readonly Job[])[] {
  const levels = new Map<Level, Job[]>();
  for (let level: number = PRIORITIES.urgent; level >= PRIORITIES.lowest; level--) levels.set(level as Level, []);
  for (const job of jobs) levels.get(job.effective)!.push(job);
  return [...levels.values()];
}

function linesOf<Job extends Contender>(jobs: readonly Job[]): readonly Line<Job>[] {
  const lines = new Map<Owner, Job[]>();
  for (const job of [...jobs].sort(compareOfOwner)) {
    const line = lines.get(job.owner);
    if (line) line.push(job);
    else lines.set(job.owner, [job]);
  }
  return [...lines].map(([owner, line]) => ({ owner, jobs: line, next: 0, before: 0 }));
}

// Queued before pending among equals, as they stand, so that nobody is swapped for nothing; the id makes the order total.
function compareOfOwner(a: Contender, b: Contender): number {
  const due = a.dueAt.getTime() - b.dueAt.getTime();
  if (due !== 0) return due;
  if (a.turn !== b.turn) return (a.turn ?? Number.POSITIVE_INFINITY) - (b.turn ?? Number.POSITIVE_INFINITY);
  return compareIds(a, b);
}

function compareHeads(a: Line<Contender>, b: Line<Contender>): number {
  if (a.before !== b.before) return a.before - b.before;
  const [first, second] = [a.jobs[a.next]!, b.jobs[b.next]!];
  const due = first.dueAt.getTime() - second.dueAt.getTime();
  if (due !== 0) return due;
  if ((first.turn === null) !== (second.turn === null)) return first.turn === null ? 1 : -1;
  return compareIds(first, second);
}

function compareIds(a: Contender, b: Contender): number {
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}

/** A binary heap: the smallest comes out first. */
class Heap<Item> {
  readonly #items: Item[] = [];
  readonly #compare: (a: Item, b: Item) => number;

  constructor(compare: (a: Item, b: Item) => number) {
    this.#compare = compare;
  }

  push(item: Item): void {
    let at = this.#items.push(item) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!this.#swap(above, at)) return;
      at = above;
    }
  }

  pop(): Item | undefined {
    const top = this.#items[0];
    const last = this.#items.pop();
    if (this.#items.length === 0 || last === undefined) return top;
    this.#items[0] = last;
    for (let at = 0; ; ) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      const least = right < this.#items.length && this.#isBefore(right, left) ? right : left;
      if (least >= this.#items.length || !this.#swap(at, least)) return top;
      at = least;
    }
  }

  #isBefore(a: number, b: number): boolean {
    return this.#compare(this.#items[a]!, this.#items[b]!) < 0;
  }

  /** Puts the one below in place of the one above when it is smaller. */
  #swap(above: number, below: number): boolean {
    if (!this.#isBefore(below, above)) return false;
    const items = this.#items;
    [items[above], items[below]] = [items[below]!, items[above]!];
    return true;
  }
}
