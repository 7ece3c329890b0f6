/** What a handler said: one line of the witness, in the order in which it happened. */
export interface Said {
  readonly what: "begin" | "end" | "refused";
  readonly job: string;
  readonly attempt: number;
  readonly pid: number;
  /** Milliseconds since 1970, by the clock that the database has too. */
  readonly at: number;
  /** Of a beginning: what the attempt holds. */
  readonly objects?: readonly { readonly id: string; readonly mode: string }[];
  readonly units?: number;
}

export interface Evidence {
  readonly said: readonly Said[];
  /** Of an attempt's node, by `nameOf`: when that was declared dead. Absent: it was not. */
  readonly deadAt: ReadonlyMap<string, number>;
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
  readonly refused: number;
}

export const nameOf = ({ job, attempt }: Pick<Said, "job" | "attempt">): string => `${job} attempt ${attempt}`;

/**
 * Judges by what handlers said of themselves, not by what the database says of them. An attempt counts from its beginning to its
 * end, or until its node was declared dead: from then on nothing that it does is accepted, and it is no fault that it does not know.
 */
export function judge({ said, deadAt, capacity }: Evidence): Judgement {
  const [overlaps, overdraws, doubled]: [string[], string[], string[]] = [[], [], []];
  const begun = new Set<string>();
  const live = new Map<string, Said>();
  const counts = (one: Said, at: number) => (deadAt.get(nameOf(one)) ?? Number.POSITIVE_INFINITY) > at;
  for (const line of said) {
    const name = nameOf(line);
    if (line.what === "end") live.delete(name);
    if (line.what !== "begin") continue;
    if (begun.has(name)) doubled.push(name);
    begun.add(name);
    if (!counts(line, line.at)) continue;
    const others = [...live.values()].filter((other) => counts(other, line.at));
    for (const other of others) if (exclude(line, other)) overlaps.push(`${name} and ${nameOf(other)}`);
    const used = [line, ...others].reduce((sum, { units = 0 }) => sum + units, 0);
    if (used > capacity) overdraws.push(`${name}: ${used} of ${capacity}`);
    live.set(name, line);
  }
  return { overlaps, overdraws, doubled, refused: said.filter(({ what }) => what === "refused").length };
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
