import { readFileSync } from "node:fs";
import { readProcesses, TICK_US, treeOf } from "./processes.mjs";

/** More than this share of one core taken by others makes a run contended. */
const FOREIGN_LIMIT = 0.1;

/** Less than this is the coarseness of the kernel's clock and not load. */
const LEAST_US = 30_000;

const KERNEL_PARENT = 2;

/** A point in time to measure the machine's load from. */
export function loadMark() {
  return { atUs: performance.now() * 1000, processes: readProcesses(), stolenUs: readStolen() };
}

/**
 * What other processes took since the mark, as shares of one core.
 * @param {ReturnType<typeof loadMark>} mark
 * @param {readonly number[]} ours the processes that belong to the benchmark, with all below them
 */
export const foreignLoad = (mark, ours) => loadBetween(mark, loadMark(), ours);

/**
 * The load of others between two marks: all of them together, the busiest by name, and what the hypervisor kept back
 * (`stolen`). A process that ended in between left its time with its parent. The kernel's own threads count for nobody.
 * @param {ReturnType<typeof loadMark>} first
 * @param {ReturnType<typeof loadMark>} last
 * @param {readonly number[]} ours
 */
export function loadBetween(first, last, ours) {
  const elapsedUs = last.atUs - first.atUs;
  const before = foreignOf(first.processes, ours);
  const after = foreignOf(last.processes, ours);
  let spentUs = 0;
  let busiest = { name: "nobody", spentUs: 0 };
  for (const one of after.values()) {
    const earlier = before.get(one.pid) ?? { ownUs: 0, reapedUs: 0 };
    const ownUs = one.ownUs - earlier.ownUs;
    spentUs += ownUs + one.reapedUs - earlier.reapedUs;
    if (ownUs > busiest.spentUs) busiest = { name: one.name, spentUs: ownUs };
  }
  for (const one of before.values()) if (!last.processes.has(one.pid)) spentUs -= one.ownUs + one.reapedUs;
  const foreign = Math.max(0, spentUs, busiest.spentUs) / elapsedUs;
  return {
    foreign,
    busiest: { name: busiest.name, share: busiest.spentUs / elapsedUs },
    stolen: (last.stolenUs - first.stolenUs) / elapsedUs,
    contended: foreign > FOREIGN_LIMIT && foreign * elapsedUs > LEAST_US,
  };
}

function foreignOf(processes, ours) {
  const mine = new Set(ours.flatMap((pid) => [...treeOf(processes, pid)]));
  const isForeign = ({ pid, parent }) => !mine.has(pid) && parent !== KERNEL_PARENT && pid !== KERNEL_PARENT;
  return new Map([...processes].filter(([, one]) => isForeign(one)));
}

function readStolen() {
  const fields = readFileSync("/proc/stat", "utf8").split("\n")[0].trim().split(/\s+/).slice(1).map(Number);
  return (fields[7] ?? 0) * TICK_US;
}
