/** What a handler said: one line of the witness, in the order in which it happened. */
export interface Said {
  readonly what: "begin" | "end" | "kept" | "refused" | "done" | "undone";
  readonly job: string;
  readonly attempt: number;
  readonly pid: number;
  /** Milliseconds since 1970, by the clock that the database has too. */
  readonly at: number;
  /** Of a beginning: what the attempt holds. */
  readonly objects?: readonly { readonly id: string; readonly mode: string }[];
  readonly units?: number;
  /** Of an effect that is done or undone: its number within the attempt, and the fence of whoever did that. */
  readonly n?: number;
  readonly fencing?: string;
  /** Of what was kept: when it was asked for. */
  readonly since?: number;
}

/** A process that stood still until nothing of its node's life was left. */
export interface Stop {
  readonly pid: number;
  readonly at: number;
  readonly goesOnAt: number;
}

export interface Evidence {
  readonly said: readonly Said[];
  /** Of an attempt's node, by `nameOf`: when that was declared dead. Absent: it was not. */
  readonly deadAt: ReadonlyMap<string, number>;
  readonly stops: readonly Stop[];
  /** Units that there are. */
  readonly capacity: number;
}

export interface Judgement {
  /** Attempts that held one object at once, one of them alone. */
  readonly overlaps: readonly string[];
  /** Beginnings at which more units were in use than there are. */
  readonly overdraws: readonly string[];
  /** Attempts that began twice. */
  readonly doubled: readonly string[];
  /** Attempts whose process stood still until they were lost, and whose word was taken nevertheless. */
  readonly believed: readonly string[];
  readonly refused: number;
  /** The most units that were in use at once. */
  readonly used: number;
}

export const nameOf = ({ job, attempt }: Pick<Said, "job" | "attempt">): string => `${job} attempt ${attempt}`;

/**
 * Judges by what handlers said of themselves, not by what the database says of them. An attempt counts from its beginning to its
 * end, or until its node was declared dead: from then on nothing that it does is accepted, and it is no fault that it does not know.
 * A process may be stopped between its look at the clock and its word: others may have begun since, and are said before it.
 */
export function judge({ said, deadAt, stops, capacity }: Evidence): Judgement {
  const [overlaps, overdraws, doubled]: [string[], string[], string[]] = [[], [], []];
  let most = 0;
  const begun = new Set<string>();
  const live = new Map<string, Said>();
  const counts = (one: Said, at: number) => one.at <= at && (deadAt.get(nameOf(one)) ?? Number.POSITIVE_INFINITY) > at;
  for (const line of said) {
    const name = nameOf(line);
    if (line.what === "end") live.delete(name);
    if (line.what !== "begin") continue;
    if (begun.has(name)) doubled.push(name);
    begun.add(name);
    if (!counts(line, line.at)) continue;
    const others = [...live.values()];
    const instants = [line, ...others].map(({ at }) => at).filter((at) => counts(line, at));
    const together = instants.map((at) => others.filter((other) => counts(other, at)));
    for (const other of new Set(together.flat()))
      if (exclude(line, other)) overlaps.push(`${name} and ${nameOf(other)}`);
    const used = Math.max(...together.map((all) => [line, ...all].reduce((sum, { units = 0 }) => sum + units, 0)));
    most = Math.max(most, used);
    if (used > capacity) overdraws.push(`${name}: ${used} of ${capacity}`);
    live.set(name, line);
  }
  const refused = said.filter(({ what }) => what === "refused").length;
  return { overlaps, overdraws, doubled, believed: believedOf(said, stops), refused, used: most };
}

/** What was kept for attempts that had begun before their process stood still, and was asked for after it went on. */
function believedOf(said: readonly Said[], stops: readonly Stop[]): readonly string[] {
  const begunAt = new Map(
    said.filter(({ what }) => what === "begin").map((line) => [`${line.pid} ${nameOf(line)}`, line.at]),
  );
  const isLate = ({ pid, since = 0, ...line }: Said) =>
    stops.some((stop) => stop.pid === pid && begunAt.get(`${pid} ${nameOf(line)}`)! < stop.at && since > stop.goesOnAt);
  return said.filter((line) => line.what === "kept" && isLate(line)).map(nameOf);
}

export interface Effects {
  /** Effects of each job that were done and not undone, in order, named `attempt/n`. */
  readonly standing: ReadonlyMap<string, readonly string[]>;
  /** What was not undone in reverse, or not before the job went on. */
  readonly wrong: readonly string[];
  /** Words with an older fence than one that was heard before. */
  readonly stale: number;
}

/**
 * Judges effects as a system would see them that knows fences: what comes from somebody who was overtaken it refuses. An effect
 * may be undone that was announced and never done, or once more; nothing may be undone before what was done after it, and no
 * attempt may begin before everything is.
 */
export function judgeEffects(said: readonly Said[]): Effects {
  const [standing, wrong] = [new Map<string, string[]>(), [] as string[]];
  const fences = new Map<string, bigint>();
  const newest = new Map<string, number>();
  let stale = 0;
  for (const line of said) {
    const { what, job, attempt, n, fencing = "0" } = line;
    const stands = standing.get(job) ?? [];
    if (what === "begin" && attempt > (newest.get(job) ?? 0)) {
      newest.set(job, attempt);
      if (stands.length > 0) wrong.push(`${nameOf(line)} began while ${stands} stood`);
    }
    if (what !== "done" && what !== "undone") continue;
    if (BigInt(fencing) < (fences.get(job) ?? 0n)) {
      stale += 1;
      continue;
    }
    fences.set(job, BigInt(fencing));
    const effect = `${attempt}/${n}`;
    if (what === "done") standing.set(job, [...stands, effect]);
    else if (stands.at(-1) === effect) standing.set(job, stands.slice(0, -1));
    else if (stands.includes(effect)) wrong.push(`${job}: ${effect} was undone while ${stands} stood`);
  }
  return { standing, wrong, stale };
}

function exclude({ objects = [] }: Said, other: Said): boolean {
  return objects.some(({ id, mode }) =>
    (other.objects ?? []).some((held) => held.id === id && (mode === "exclusive" || held.mode === "exclusive")),
  );
}

/** The value below which so many in a hundred are; 0 when there are none. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.ceil((percent / 100) * sorted.length) - 1] ?? 0;
}
