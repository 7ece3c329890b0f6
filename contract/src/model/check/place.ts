import { type JobEvent, toStates } from "../lifecycle.ts";
import { isLive, JOB_STATES, type JobState } from "../state.ts";
import type { Invariant, Violation } from "./invariant.ts";
import { forgottenIn, stepsOf } from "./lines.ts";
import type { JobRecord, WorkPlace } from "./record.ts";

/** Checks that a job stands in one place, and there as its history tells. */
export function checkPlace(job: JobRecord): readonly Violation[] {
  return [...checkPlaces(job), ...checkWork(job), ...checkOutcome(job), ...checkMembership(job), ...checkCopies(job)];
}

function checkPlaces({ work, outcome, claims }: JobRecord): readonly Violation[] {
  const places = [
    ...(work === null ? [] : [`among what waits and runs, as ${work.state}`]),
    ...(outcome === null ? [] : [`among what has ended, as ${outcome.state}`]),
    ...claims.map(({ token }) => `in claim ${token}`),
  ];
  if (places.length === 1) return [];
  return [
    violation("S01", places.length === 0 ? "It stands nowhere: it is lost." : `It stands ${places.join(" and ")}.`),
  ];
}

function checkWork(job: JobRecord): readonly Violation[] {
  const { work, lines } = job;
  const last = lines.at(-1);
  if (work === null || last === undefined) return [];
  const found: Violation[] = [];
  if (work.seq !== last.seq)
    found.push(violation("I01", `It counts ${work.seq} lines; the last is ${last.seq}.`, last.seq));
  if (work.lineState !== last.to)
    found.push(violation("I01", `It says that its last line ended in ${work.lineState}, not ${last.to}.`, last.seq));
  if (!LED_TO[work.lineState].has(work.state))
    found.push(violation("I01", `It is ${work.state}; its last line left it ${work.lineState}.`, last.seq));
  return [...found, ...checkAttempt(job, work), ...checkRollback(work)];
}

function checkAttempt({ lines }: JobRecord, work: WorkPlace): readonly Violation[] {
  const found: Violation[] = [];
  const isUntold = isLive(work.state) && !isLive(work.lineState);
  const started = startsIn(lines) + (isUntold ? 1 : 0);
  if (work.attempt !== started)
    found.push(violation("I07", `It counts ${work.attempt} attempts; ${started} were started.`));
  if (!isLive(work.state)) return found;
  const greatest = greatestToken(lines);
  if (work.token === null) found.push(violation("I06", "It is live, and has no token."));
  else if (isUntold ? BigInt(work.token) <= greatest : BigInt(work.token) < greatest)
    found.push(violation("I06", `Its token is ${work.token}; an earlier one was ${greatest}.`));
  return found;
}

/** States in which a job is on its way to its next attempt, or in it. */
const GOING_ON: readonly JobState[] = ["scheduled", "pending", "queued", "waiting_for_lock", "running", "timed_out"];

function checkRollback({ state, rollback }: WorkPlace): readonly Violation[] {
  if (!GOING_ON.includes(state) || rollback === "none" || rollback === "done") return [];
  return [violation("I16", `It is ${state}, and the rollback of its last attempt is ${rollback}.`)];
}

function checkOutcome({ outcome, lines, openEntries }: JobRecord): readonly Violation[] {
  const last = lines.at(-1);
  if (outcome === null || last === undefined) return [];
  const found: Violation[] = [];
  if (outcome.seq !== last.seq)
    found.push(violation("I01", `It counts ${outcome.seq} lines; the last is ${last.seq}.`, last.seq));
  if (outcome.state !== last.to)
    found.push(violation("I01", `It is ${outcome.state}; its last line left it ${last.to}.`, last.seq));
  if (openEntries > 0 && (outcome.rollback === "none" || outcome.rollback === "done"))
    found.push(violation("I52", `It is over, and ${openEntries} entries of its journal are open.`));
  const started = startsIn(lines);
  if (outcome.attempt !== started)
    found.push(violation("I07", `It counts ${outcome.attempt} attempts; ${started} were started.`));
  return found;
}

/** Only a fresh job becomes a member of a claim: of its history nothing is told yet but its creation. */
function checkMembership({ claims, lines }: JobRecord): readonly Violation[] {
  const last = lines.at(-1);
  if (claims.length === 0 || last === undefined || (last.seq === 1 && last.to === "pending")) return [];
  return [violation("I01", `It is a member of a claim; its last line left it ${last.to}.`, last.seq)];
}

function checkCopies(job: JobRecord): readonly Violation[] {
  const { work, replaced, configurationVersion } = job;
  const found = COPIES.filter((field) => work !== null && work[field] !== job[field]).map((field) =>
    violation("S05", `${field} is ${job[field]}, and ${work?.[field]} in its state.`),
  );
  const expected = configurationVersion - 1;
  if (replaced.count === expected && replaced.last === expected) return found;
  const message = `Its configuration is number ${configurationVersion}; ${replaced.count} before it are kept.`;
  return [...found, violation("S06", message)];
}

const COPIES = ["laneId", "ownerId", "actionVersionId", "rank", "parentId"] as const;

/** Steps that no line of history tells by itself: the next line names the states they led to. */
const UNTOLD = ["come_due", "admit", "give_way", "start"] as const satisfies readonly JobEvent[];

/** Where untold steps may have led a job from the state in which its last line left it. */
const LED_TO = Object.fromEntries(JOB_STATES.map((state) => [state, reach(state)])) as Readonly<
  Record<JobState, ReadonlySet<JobState>>
>;

function reach(from: JobState): ReadonlySet<JobState> {
  const found = new Set<JobState>([from]);
  for (const state of found) for (const event of UNTOLD) for (const next of toStates(event, state)) found.add(next);
  return found;
}

/** How many attempts a history tells of. */
function startsIn(lines: JobRecord["lines"]): number {
  const told = lines.flatMap(stepsOf).filter(({ to }) => to === "running").length;
  return (forgottenIn(lines)?.attempt ?? 0) + told;
}

function greatestToken(lines: JobRecord["lines"]): bigint {
  return lines.reduce((greatest, { token }) => {
    const own = /^\d+$/.test(String(token)) ? BigInt(token as string) : 0n;
    return own > greatest ? own : greatest;
  }, 0n);
}

function violation(invariant: Invariant, message: string, ...lines: readonly number[]): Violation {
  return { invariant, lines, message };
}
