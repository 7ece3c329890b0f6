/**
 * What became of the jobs of a run. `seen` holds, for each worker process, how often each job's handler began (255 at
 * most); `left` is how many jobs the store still holds as unfinished. A job the store calls finished although no handler
 * ran it is lost, and so is one that nobody knows any more; one whose handler began more than once is doubled.
 * @param {{readonly attempted: number, readonly seen: readonly Uint8Array[], readonly left: number}} run
 */
export function tally({ attempted, seen, left }) {
  let handled = 0;
  let doubled = 0;
  for (let job = 0; job < attempted; job += 1) {
    let times = 0;
    for (const process of seen) times += process[job] ?? 0;
    if (times > 0) handled += 1;
    if (times > 1) doubled += 1;
  }
  return {
    attempted,
    handled,
    finished: attempted - left,
    left,
    lost: Math.max(0, attempted - left - handled),
    doubled,
  };
}

/**
 * A run that lost a job says nothing about speed.
 * @param {{readonly lost: number}} counts
 */
export const isVoid = (counts) => counts.lost > 0;

/**
 * Why a run did not go as it must, or nothing. A run of small sizes that did not come to its end is stuck, not slow; and
 * Callsheet begins a job twice only where a process died, which none does here.
 * @param {{readonly system: string, readonly counts: {readonly lost: number, readonly doubled: number}, readonly figures: {readonly complete?: number}}} run
 * @param {{readonly quick: boolean}} report
 */
export function faultOf({ system, counts, figures }, { quick }) {
  if (isVoid(counts)) return `lost ${counts.lost} jobs`;
  if (system === "callsheet" && counts.doubled > 0) return `began ${counts.doubled} jobs twice`;
  if (quick && figures.complete === 0) return "did not end";
  return undefined;
}
