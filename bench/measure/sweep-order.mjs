/**
 * What a sweep found, by system and part, the best settings first: the highest rate or the least latency.
 * @param {readonly {system: string, part: string, figure: string, median: number}[]} results
 */
export function bestFirst(results) {
  const worse = (one) => (one.figure === "rate" ? -one.median : one.median);
  return results.toSorted(
    (a, b) => a.system.localeCompare(b.system) || a.part.localeCompare(b.part) || worse(a) - worse(b),
  );
}
