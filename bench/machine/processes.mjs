import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** Microseconds in one clock tick of /proc. */
export const TICK_US = 1e6 / Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));

/**
 * What /proc says about each process: parent, name and CPU microseconds, its own and that of children it has waited for.
 * @returns {Map<number, {pid: number, parent: number, name: string, ownUs: number, reapedUs: number}>}
 */
export function readProcesses() {
  const processes = new Map();
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = readOrNothing(`/proc/${entry}/stat`);
    if (stat === undefined) continue;
    const nameEnd = stat.lastIndexOf(")");
    const fields = stat.slice(nameEnd + 2).split(" ");
    const ticks = (index) => Number(fields[index]) * TICK_US;
    processes.set(Number(entry), {
      pid: Number(entry),
      parent: Number(fields[1]),
      name: stat.slice(stat.indexOf("(") + 1, nameEnd),
      ownUs: ticks(11) + ticks(12),
      reapedUs: ticks(13) + ticks(14),
    });
  }
  return processes;
}

/**
 * A process and everything below it.
 * @param {ReturnType<typeof readProcesses>} processes
 * @param {number} root
 */
export function treeOf(processes, root) {
  const members = new Set([root]);
  for (let size = 0; size !== members.size; ) {
    size = members.size;
    for (const one of processes.values()) if (members.has(one.parent)) members.add(one.pid);
  }
  return members;
}

/**
 * CPU microseconds and bytes written of a process and everything below it since it began. Children that have ended count
 * too, through the parent that waited for them.
 * @param {number} root
 */
export function usageOfTree(root) {
  const processes = readProcesses();
  const sum = { cpuUs: 0, writtenBytes: 0, writeCalls: 0 };
  for (const pid of treeOf(processes, root)) {
    const one = processes.get(pid);
    if (one === undefined) continue;
    sum.cpuUs += one.ownUs + one.reapedUs;
    const io = readOrNothing(`/proc/${pid}/io`) ?? "";
    sum.writtenBytes += Number(/^write_bytes: (\d+)/m.exec(io)?.[1] ?? 0);
    sum.writeCalls += Number(/^syscw: (\d+)/m.exec(io)?.[1] ?? 0);
  }
  return sum;
}

function readOrNothing(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined; // the process has ended
  }
}
