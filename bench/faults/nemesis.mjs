import { setTimeout as pause } from "node:timers/promises";
import { runsOf } from "./judge.mjs";

/** How often each is done, and how long after it nothing else is. The quick size proves that everything runs. */
const SIZES = {
  full: { kills: 12, pauses: 4, longestPauseMs: 75_000, outages: 4, outageEveryMs: 15_000 },
  quick: { kills: 1, pauses: 1, longestPauseMs: 3_000, outages: 1, outageEveryMs: 1_000 },
};
/** Not at a beat, which a system's own could fall in with. */
const BETWEEN_KILLS_MS = [4_000, 11_000, 6_000, 9_000, 5_000, 13_000];
/** A moment after its job began elsewhere, a paused process goes on: while that run is under way. */
const INTO_NEXT_RUN_MS = 300;
const LATE_WORD_MS = 1_500;
const AFTER_PAUSE_MS = 6_000;
const AWAY_MS = 3_000;

/**
 * What is done to a system, by name: each does it and answers what it struck.
 * @typedef {{workers: readonly any[], witness: ReturnType<typeof import("./witness.mjs").readWitness>, store: any, look: () => Promise<{unfinished: number[]}>}} Stage
 * @type {Record<string, {title: string, strike: (stage: Stage, size: "full" | "quick") => Promise<import("./judge.mjs").Struck[]>}>}
 */
export const FAULTS = {
  killed: { title: `a worker's process is killed (kill -9), ${SIZES.full.kills} times`, strike: killOften },
  paused: {
    // Whoever has not been taken for lost by then is let go on.
    title: `a worker's process is stopped (SIGSTOP) until one of its jobs began elsewhere, or for ${SIZES.full.longestPauseMs / 1000} s, and goes on, ${SIZES.full.pauses} times`,
    strike: pauseOften,
  },
  restarted: {
    title: `the server is away for ${AWAY_MS / 1000} s, by a crash and in order in turns, ${SIZES.full.outages} times`,
    strike: restartOften,
  },
};

async function killOften({ workers, witness }, size) {
  const struck = [];
  for (let n = 0; n < SIZES[size].kills; n += 1) {
    const worker = workers[n % workers.length];
    await busy(worker, witness);
    const { pid } = worker;
    worker.kill();
    struck.push({ what: "killed", pid, at: Date.now() });
    await pause(BETWEEN_KILLS_MS[n % BETWEEN_KILLS_MS.length]);
  }
  return struck;
}

async function pauseOften({ workers, witness, look }, size) {
  const { pauses, longestPauseMs } = SIZES[size];
  const struck = [];
  for (let n = 0; n < pauses; n += 1) {
    const worker = workers[n % workers.length];
    await busy(worker, witness);
    const { pid } = worker;
    process.kill(pid, "SIGSTOP");
    const at = Date.now();
    const cut = openRuns(witness.said(), pid);
    const newer = (said) => cut.filter(({ job }) => lastRunOf(said, job).pid !== pid);
    const isTaken = await witness.until((said) => newer(said).length > 0, longestPauseMs);
    if (isTaken) await pause(INTO_NEXT_RUN_MS);
    process.kill(pid, "SIGCONT");
    const until = Date.now();
    await pause(LATE_WORD_MS);
    struck.push({ what: "paused", pid, at, until, ...(await lateWords({ cut, witness, look })) });
    await pause(AFTER_PAUSE_MS);
  }
  return struck;
}

/** Of runs that ended late: while a newer one is under way its job is not over, whatever they say. */
async function lateWords({ cut, witness, look }) {
  const { unfinished } = await look();
  const said = witness.said();
  const ended = new Set(said.filter(({ what }) => what === "end").map(({ run }) => run));
  const late = cut.filter(({ run, job }) => {
    const last = lastRunOf(said, job);
    return ended.has(run) && last.run !== run && last.endedAt === undefined;
  });
  return { late: late.length, believed: late.map(({ job }) => job).filter((job) => !unfinished.includes(job)) };
}

async function restartOften({ store }, size) {
  const { outages, outageEveryMs } = SIZES[size];
  const struck = [];
  for (let n = 0; n < outages; n += 1) {
    const at = Date.now();
    await store.restart(n % 2 === 0 ? "crash" : "order", () => pause(AWAY_MS));
    struck.push({ what: "restarted", at, until: Date.now() });
    await pause(outageEveryMs);
  }
  return struck;
}

/** Waits until a worker has something to lose. */
const busy = (worker, witness) =>
  witness.until((said) => worker.pid !== 0 && openRuns(said, worker.pid).length > 0, 30_000);

const openRuns = (said, pid) => runsOf(said).filter((run) => run.pid === pid && run.endedAt === undefined);

const lastRunOf = (said, job) => runsOf(said).findLast((run) => run.job === job);
