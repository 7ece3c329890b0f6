import { confirm } from "../confirm.ts";
import { openClient } from "../open-client.ts";
import { printable } from "../printable.ts";
import type { Terminal } from "../terminal.ts";
import { printTimed } from "./show.ts";

/** `timed start`, `timed stop`, `timed run` */
export async function switchTimed(terminal: Terminal, verb: "start" | "stop" | "runNow", name: string): Promise<void> {
  await using client = await openClient(terminal);
  await printTimed(terminal, client, await client.timed[verb](name));
}

/** `timed delete` */
export async function deleteTimed(terminal: Terminal, name: string): Promise<void> {
  await confirm(terminal, `Delete the timed action ${name}, its job and all that is told of them?`);
  await using client = await openClient(terminal);
  await client.timed.delete(name);
  terminal.note(`Deleted ${printable(name)}.`);
}

/** `timed on`, `timed off` */
export async function switchAll(terminal: Terminal, verb: "switchOn" | "switchOff"): Promise<void> {
  await using client = await openClient(terminal);
  await client.timed[verb]();
  terminal.note(`Timed actions are switched ${verb === "switchOn" ? "on" : "off"}.`);
}
