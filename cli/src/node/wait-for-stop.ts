import { once } from "node:events";
import type { Callsheet, Job, Node } from "@callsheet/core";
import { formatDuration } from "../amount.ts";
import { EXIT } from "../exit-code.ts";
import { printable } from "../printable.ts";
import type { Terminal } from "../terminal.ts";

/**
 * Waits for the first Ctrl-C or SIGTERM, then lets the node drain, saying what it waits for. A second one stops it at once:
 * what had not begun is handed back, and what runs is recovered by another node, or by the next start.
 */
export async function waitForStop(terminal: Terminal, cs: Callsheet, node: Node): Promise<void> {
  if (!terminal.signal.aborted) await once(terminal.signal, "abort");
  const second = secondSignal();
  const draining = node.drain();
  await sayWhatRuns(terminal, cs, node);
  const outcome = await Promise.race([draining.then(() => "drained" as const), second.then(() => "stopped" as const)]);
  if (outcome === "drained") return terminal.note("Stopped; nothing was left running.");
  await node.stop({ graceMs: 0 });
  terminal.note("Stopped at once; what still ran will be failed as lost, and retried as its action says.");
  await cs.close();
  // A handler that was left may keep this process alive for ever.
  process.exit(EXIT.interrupted);
}

function secondSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => resolve());
  });
}

async function sayWhatRuns(terminal: Terminal, cs: Callsheet, node: Node): Promise<void> {
  if (node.running === 0) return;
  const listed = await cs.jobs.list({ states: ["running", "timed_out", "cancelling"], limit: 1_000 }).catch(() => []);
  const own = listed.filter((job) => job.node === node.name);
  const lines = own.map((job) => `  ${printable(described(job))}\n`).join("");
  terminal.note(
    `Takes no more jobs; waits for ${node.running} to end. Ctrl-C again stops at once.\n${lines}`.trimEnd(),
  );
}

function described({ id, action, target, startedAt }: Job): string {
  const since = startedAt === null ? [] : [`for ${formatDuration(Date.now() - startedAt.getTime())}`];
  return [action, ...(target === null ? [] : [target.id]), ...since, id].join("  ");
}
