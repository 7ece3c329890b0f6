import { once } from "node:events";
import type { Callsheet, Job, Node } from "@callsheet/core";
import { formatDuration } from "../amount.ts";
import { EXIT } from "../exit-code.ts";
import { printable } from "../printable.ts";
import type { Terminal } from "../terminal.ts";

interface Stopping {
  readonly node: Node;
  /** How long what runs is waited for. */
  readonly graceMs: number;
}

/**
 * Waits until the node is drained by somebody, or for the first Ctrl-C or SIGTERM: then it hands back what had not begun and
 * waits for what runs, saying what that is, as long as its grace. A second signal stops it at once. What runs then is lost: it
 * is recovered by another node, or by the next start.
 */
export async function waitForStop(terminal: Terminal, cs: Callsheet, { node, graceMs }: Stopping): Promise<void> {
  const drained = node.ended.then(() => "drained" as const);
  if (!terminal.signal.aborted) {
    const called = once(terminal.signal, "abort").then(() => "called" as const);
    if ((await Promise.race([drained, called])) === "drained") return terminal.note("Drained; it has ended.");
  }
  const second = secondSignal();
  const stopped = node.stop({ graceMs }).then(() => "stopped" as const);
  await sayWhatRuns(terminal, cs, node);
  const first = await Promise.race([stopped, second]);
  if (first === "stopped" && node.running === 0) return terminal.note("Stopped; nothing was left running.");
  await node.stop({ graceMs: 0 });
  const when = first === "stopped" ? "after its grace" : "at once";
  terminal.note(`Stopped ${when}; what still ran will be failed as lost, and retried as its action says.`);
  await cs.close();
  // A handler that was left may keep this process alive for ever.
  process.exit(EXIT.interrupted);
}

function secondSignal(): Promise<"again"> {
  return new Promise((resolve) => {
    for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => resolve("again"));
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
