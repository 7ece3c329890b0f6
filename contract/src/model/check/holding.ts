import { areCompatible } from "../lock.ts";
import { isLive } from "../state.ts";
import type { Invariant, Violation } from "./invariant.ts";
import type { ClaimRecord, JobRecord, ObjectRecord, PoolRecord, TicketPlace } from "./record.ts";

/** Checks what a job holds and waits for against the state in which it stands. */
export function checkHoldings(job: JobRecord): readonly Violation[] {
  const standing = standingOf(job);
  return [
    ...job.tickets.flatMap((ticket) => checkTicket(ticket, standing)),
    ...job.locks.flatMap(({ key }) => checkLock(key, job.tickets, standing)),
    ...(standing.waits && job.isFirst ? [violation("I26", "It waits, and all its objects are free.")] : []),
    ...job.grants
      .filter((token) => !standing.tokens.has(token))
      .map((token) => violation("I31", `Attempt ${token} holds units, and has ended.`)),
  ];
}

/** What a job may hold where it stands. */
interface Standing {
  /** Of the attempt that lives, if one does. */
  readonly live: string | null;
  /** Of all attempts that may hold something: also those that outlive the job's state, or are rolled back. */
  readonly tokens: ReadonlySet<string>;
  readonly waits: boolean;
  readonly isHandedOver: boolean;
}

function standingOf({ work, outcome, claims, remnants }: JobRecord): Standing {
  const live = claims[0]?.token ?? (work !== null && isLive(work.state) ? work.token : null);
  const last = work ?? outcome;
  const isRolledBack = last !== null && ["required", "running", "failed"].includes(last.rollback);
  const tokens = [live, isRolledBack ? last.token : null, ...claims.map(({ token }) => token), ...remnants];
  return {
    live,
    tokens: new Set(tokens.filter((token) => token !== null)),
    waits: work?.state === "waiting_for_lock",
    isHandedOver: work?.state === "queued" && work.isHandedOver,
  };
}

function checkTicket({ key, held, token }: TicketPlace, standing: Standing): readonly Violation[] {
  if (!held) return standing.waits ? [] : [violation("I25", `It stands in line for ${key}, and does not wait.`)];
  if (token === null ? standing.isHandedOver : standing.tokens.has(token)) return [];
  const who = token === null ? "it is not about to start" : `attempt ${token} has ended`;
  return [violation("I23", `It holds ${key}, and ${who}.`)];
}

function checkLock(key: string, tickets: JobRecord["tickets"], standing: Standing): readonly Violation[] {
  const own = tickets.filter((ticket) => ticket.key === key);
  if (standing.waits && !own.some(({ held }) => !held))
    return [violation("I25", `It waits, and does not stand in line for ${key}.`)];
  if (standing.live !== null && !own.some(({ held, token }) => held && token === standing.live))
    return [violation("I24", `It runs, and does not hold ${key}.`)];
  if (standing.isHandedOver && !own.some(({ held, token }) => held && token === null))
    return [violation("I24", `It is about to start, and was not given ${key}.`)];
  return [];
}

/** Checks that those who hold an object may hold it together. */
export function checkObject({ holders }: ObjectRecord): readonly Violation[] {
  const [first, ...others] = holders;
  const rival = others.find(({ mode }) => !areCompatible(first!.mode, mode));
  return rival === undefined
    ? []
    : [violation("I20", `Job ${first!.jobId} and job ${rival.jobId} hold it, one of them alone.`)];
}

/** Checks what is used of a pool against what is held of it. */
export function checkPool({ used, held }: PoolRecord): readonly Violation[] {
  return used === held ? [] : [violation("S03", `${used} units are used; attempts hold ${held}.`)];
}

/** Checks that the parts of a claim agree. */
export function checkClaim(claim: ClaimRecord): readonly Violation[] {
  const { size, different, bits, unended, open, pools, amounts } = claim;
  const found: Violation[] = [];
  if (different !== size) found.push(violation("S04", `It names ${size} members, of which ${different} differ.`));
  if (bits !== size) found.push(violation("S04", `It has ${bits} bits for ${size} members.`));
  if (unended !== open) found.push(violation("S04", `It says that ${open} are open; by its bits ${unended} are.`));
  if (pools !== amounts) found.push(violation("S04", `Its members hold ${amounts} amounts of ${pools} pools.`));
  return found;
}

function violation(invariant: Invariant, message: string): Violation {
  return { invariant, lines: [], message };
}
