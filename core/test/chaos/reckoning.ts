import { type Effects, nameOf, type Said } from "./judge.ts";
import type { Struck } from "./nemesis.ts";
import type { Place } from "./place.ts";
import { EFFECTS, type How } from "./plan.ts";

/** What takes longer is told with its reasons: one silence alone takes less. */
const LATE_MS = 15_000;

/** An attempt that was taken from its node after a fault. */
interface Recovery {
  readonly by: Struck;
  /** When its node was declared dead. */
  readonly deadAt: number;
  readonly lostAt: number;
  /** From the fault, in milliseconds. */
  readonly tookMs: number;
}

/** When the node of each attempt was declared dead, or went because it could not begin, and how long after a fault its attempts were taken from it. */
export async function readDeaths({ db }: Place, struck: readonly Struck[]) {
  const { rows } = await db.query<{
    job: string;
    attempt: number;
    pid: number;
    born: number;
    dead: number | null;
    lost: number | null;
  }>({
    text: `
      with line as (
        select job_id, attempt, node_id, at, data from callsheet.event where node_id is not null and attempt is not null
        union all select job_id, attempt, node_id, ended_at, json_build_object('error', error) from callsheet.outcome where node_id is not null
      )
      select l.job_id as job, l.attempt, n.pid,
        floor(extract(epoch from n.started_at) * 1000)::float8 as born,
        floor(extract(epoch from case when n.state in ('dead', 'gone') then n.ended_at end) * 1000)::float8 as dead,
        floor(extract(epoch from max(l.at) filter (where l.data -> 'error' ->> 'code' in ('node_lost', 'poison'))) * 1000)::float8 as lost
      from line l join callsheet.node n on n.id = l.node_id group by 1, 2, 3, 4, 5`,
    values: [],
  });
  const recoveries = rows.flatMap(({ pid, born, dead, lost }): readonly Recovery[] => {
    // A life that began after a fault did not end by it, but by an outage.
    const by = struck.filter((one) => one.pid === pid && one.at >= born && one.at <= (lost ?? 0)).at(-1);
    if (lost === null || by === undefined || by.what === "blink") return [];
    return [{ by, deadAt: dead ?? lost, lostAt: lost, tookMs: lost - by.at }];
  });
  const deadAt = new Map(rows.flatMap((row) => (row.dead === null ? [] : [[nameOf(row), row.dead] as const])));
  return { deadAt, recoveries };
}

/** The late recoveries, one for each fault, each with what else was struck meanwhile, in seconds after the fault. */
export function tellLate(recoveries: readonly Recovery[], struck: readonly Struck[]): readonly string[] {
  const late = recoveries.filter(({ tookMs }) => tookMs > LATE_MS);
  const last = new Map(late.sort((a, b) => a.tookMs - b.tookMs).map((one) => [one.by, one]));
  return [...last.values()].map(({ by, deadAt, lostAt }) => {
    const after = (at: number) => ((at - by.at) / 1_000).toFixed(1);
    const others = struck
      .filter((one) => one !== by && one.at <= lostAt && one.overAt >= by.at)
      .map(({ what, name, at, overAt }) => `${what} ${name} ${after(at)} to ${after(overAt)}`);
    return `${by.what} ${by.name}: dead after ${after(deadAt)}, recovered after ${after(lostAt)}; ${others.join(", ")}`;
  });
}

/** What was said and stored of attempts, which are named in these sentences, and of the nodes that ran them: to find out how it came to that. */
export async function tellOf(
  { db }: Place,
  sentences: readonly string[],
  said: readonly Said[],
): Promise<readonly string[]> {
  const jobs = [
    ...new Set(sentences.flatMap((sentence) => sentence.match(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g) ?? [])),
  ];
  if (jobs.length === 0) return [];
  const { rows } = await db.query({
    text: `
      with line as (
        select job_id, seq, at, event, from_state, to_state, attempt, token::text, node_id, data from callsheet.event where job_id = any($1::uuid[])
        union all
        select job_id, seq, ended_at, coalesce(event, state::text), from_state, state, attempt, token::text, node_id, error from callsheet.outcome
        where job_id = any($1::uuid[])
      )
      select l.*, n.pid, n.state as node_state, n.started_at as node_started, n.ended_at as node_ended
      from line l left join callsheet.node n on n.id = l.node_id order by l.job_id, l.seq`,
    values: [jobs],
  });
  return [...said.filter(({ job }) => jobs.includes(job)), ...rows].map((line) => JSON.stringify(line));
}

/** Each job ended as it should, with the answer and the effects of its last attempt, and no word of an earlier one. */
export async function checkEnds(
  { store }: Place,
  made: ReadonlyMap<string, How>,
  { standing }: Effects,
): Promise<readonly string[]> {
  const wrong: string[] = [];
  const ids = [...made.keys()];
  for (let from = 0; from < ids.length; from += 500) {
    const page = ids.slice(from, from + 500);
    const there = new Map((await store.readJobs(page)).map((job) => [job.id, job]));
    for (const id of page) {
      const how = made.get(id)!;
      const job = there.get(id);
      if (job === undefined) {
        wrong.push(`${id} ${how}: lost`);
        continue;
      }
      const { state, attempt, result, variables, error } = job;
      const isFair = state === (how === "fails" ? "failed" : "completed");
      const isItsOwn =
        state === "failed" || ((result as { attempt: number }).attempt === attempt && variables.by === attempt);
      const stands = standing.get(id) ?? [];
      const effects = Array.from({ length: how === "undoes once" ? EFFECTS : 0 }, (_, n) => `${attempt}/${n + 1}`);
      const told = `${how}: ${state} ${error?.code ?? ""}, attempt ${attempt}, ${JSON.stringify({ result, variables, stands })}`;
      if (!isFair || !isItsOwn || `${stands}` !== `${effects}`) wrong.push(`${id} ${told}`);
    }
  }
  return wrong;
}

/** How often what was to be tried took place: without it the test would have tested less than it says. */
export async function readTried({ db }: Place): Promise<Readonly<Record<string, number>>> {
  const { rows } = await db.query<{ tried: Record<string, number> }>({
    text: `
      select json_build_object(
        'waits for a lock', count(*) filter (where event = 'block'), 'overruns', count(*) filter (where event = 'overrun'),
        'ended by a time-out', count(*) filter (where data #>> '{error,code}' = 'timed_out'), 'retries', count(*) filter (where event = 'back_off'),
        'lost with a node', count(*) filter (where data #>> '{error,code}' = 'node_lost')) as tried
      from callsheet.event`,
    values: [],
  });
  return rows[0]!.tried;
}
