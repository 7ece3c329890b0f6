import type { Pause, PauseTarget } from "@callsheet/contract";
import { counted } from "../counted.ts";
import { openClient } from "../open-client.ts";
import { printOne } from "../output.ts";
import { printable } from "../printable.ts";
import type { Terminal } from "../terminal.ts";

/** `pause` */
export async function pause(terminal: Terminal, target: PauseTarget): Promise<void> {
  await using client = await openClient(terminal);
  const paused = await client.pauses.pause(target);
  printOne(terminal, paused, () => `${sentence(paused)}\n`);
}

/** `resume` */
export async function resume(terminal: Terminal, target: PauseTarget): Promise<void> {
  await using client = await openClient(terminal);
  await client.pauses.resume(target);
  const [[scope, name] = []] = Object.entries(target);
  terminal.note(`Resumed ${scope} ${printable(String(name))}.`);
}

/** A name that nobody knows may be misspelt: it is said how much it concerns. */
function sentence({ scope, name, concerns }: Pause): string {
  const what = scope === "node" ? "node" : "kind";
  const many = `${counted(concerns, what)}${scope === "node" ? "" : " of jobs"}`;
  const now = concerns === 0 ? `nothing of that name is there yet; what comes is held` : `it holds ${many}`;
  return printable(`Paused ${scope} ${name}: ${now}.`);
}
