const INTERVAL_MS = 100;
/**
 * What a process may hold beside its limit, in MiB: the runtime's own heap of a fresh process with its watchdog (about 40),
 * and the young generation, which `--max-old-space-size` does not count.
 */
const MARGIN_MIB = 96;

export interface MemoryWatchSeams {
  readonly readText: (path: string) => Promise<string>;
  readonly timers: { after(ms: number, call: () => void): { cancel(): void } };
}

/**
 * Calls once when a process holds more memory than its limit and a margin, native buffers included. Looks ten times a
 * second; where the system does not tell (no /proc), it never calls, and the heap's own limit remains.
 */
export function watchMemory(
  process: { readonly pid: number; readonly limitMiB: number },
  seams: MemoryWatchSeams,
  onExceeded: (heldMiB: number) => void,
): { stop(): void } {
  let isStopped = false;
  let timer: { cancel(): void } | undefined;

  const look = async () => {
    const status = await seams.readText(`/proc/${process.pid}/status`).catch(() => undefined);
    const held = status === undefined ? undefined : heldMiB(status);
    if (isStopped || held === undefined) return;
    if (held > process.limitMiB + MARGIN_MIB) onExceeded(held);
    else timer = seams.timers.after(INTERVAL_MS, () => void look());
  };
  timer = seams.timers.after(INTERVAL_MS, () => void look());
  return {
    stop: () => {
      isStopped = true;
      timer?.cancel();
    },
  };
}

/** The memory that only this process holds, swapped or not, from the text of /proc/<pid>/status. Mapped files are not counted: the system takes them back at will. */
export function heldMiB(status: string): number | undefined {
  const kibibytes = (name: string) => {
    const found = new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status);
    return found === null ? undefined : Number(found[1]);
  };
  const anonymous = kibibytes("RssAnon") ?? kibibytes("VmRSS");
  if (anonymous === undefined) return undefined;
  return (anonymous + (kibibytes("RssShmem") ?? 0) + (kibibytes("VmSwap") ?? 0)) / 1024;
}
