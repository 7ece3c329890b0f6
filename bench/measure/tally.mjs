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
