import { Heap } from "./heap.ts";
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
    for (const line of linesOf(level)) heads.add(counts.get(line.owner) ?? 0, line);
    for (let head = heads.take(); head !== undefined; head = heads.take()) {
      const { owner, jobs: line, next } = head;
      const before = counts.get(owner) ?? 0;
      const after = before + (serve(line[next]!, before) ? 1 : 0);
      counts.set(owner, after);
      if (next + 1 < line.length) heads.add(after, { owner, jobs: line, next: next + 1 });
    }
  }
}

/** The jobs of one owner at one level, and which of them is next. */
interface Line<Job> {
  readonly owner: Owner;
  readonly jobs: readonly Job[];
  readonly next: number;
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
  return [...lines].map(([owner, line]) => ({ owner, jobs: line, next: 0 }));
}

// Queued before pending among equals, as they stand, so that nobody is swapped for nothing; the id makes the order total.
function compareOfOwner(a: Contender, b: Contender): number {
  const due = a.dueAt.getTime() - b.dueAt.getTime();
  if (due !== 0) return due;
  if (a.turn !== b.turn) return (a.turn ?? Number.POSITIVE_INFINITY) - (b.turn ?? Number.POSITIVE_INFINITY);
  return compareIds(a, b);
}

function compareHeads(a: Line<Contender>, b: Line<Contender>): number {
  const [first, second] = [a.jobs[a.next]!, b.jobs[b.next]!];
  const due = first.dueAt.getTime() - second.dueAt.getTime();
  if (due !== 0) return due;
  if ((first.turn === null) !== (second.turn === null)) return first.turn === null ? 1 : -1;
  return compareIds(first, second);
}

function compareIds(a: Contender, b: Contender): number {
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}
