import type { CallsheetClient, Group, PriorityName, RetryOnly, Target } from "@callsheet/contract";
import { confirm } from "../confirm.ts";
import { counted } from "../counted.ts";
import { findId } from "../job-id.ts";
import { nameOfTarget } from "../jobs/target-names.ts";
import { formatInstant } from "../moment.ts";
import { openClient } from "../open-client.ts";
import { printOne } from "../output.ts";
import type { Terminal } from "../terminal.ts";
import { groupText } from "./show.ts";

type Act = (client: CallsheetClient, group: Group) => Promise<string>;

/** `groups retry` */
export const retryGroup = (terminal: Terminal, text: string, { only }: { readonly only?: RetryOnly }): Promise<void> =>
  change(
    terminal,
    text,
    async ({ groups }, { id }) =>
      `${counted(await groups.retry(id, only === undefined ? {} : { only }), "member")} will run again.`,
  );

/** `groups cancel` */
export const cancelGroup = (terminal: Terminal, text: string): Promise<void> =>
  change(terminal, text, async ({ groups }, { id, counts, memberCount }) => {
    const left = counts.waiting + counts.held;
    await confirm(terminal, `Cancel the group, of whose ${counted(memberCount, "member")} ${left} wait?`, left);
    await groups.cancel(id);
    return "It is cancelled: what waited will not run.";
  });

/** `groups plan` */
export const planGroup = (
  terminal: Terminal,
  text: string,
  { at = new Date() }: { readonly at?: Date },
): Promise<void> =>
  change(terminal, text, async ({ groups }, { id }) => {
    await groups.schedule(id, at);
    return `What waits of it is to start at ${formatInstant(at)}.`;
  });

/** `groups unplan` */
export const unplanGroup = (terminal: Terminal, text: string): Promise<void> =>
  change(terminal, text, async ({ groups }, { id }) => {
    await groups.unschedule(id);
    return "What waited of it has no start time any more.";
  });

/** `groups hold` */
export const holdGroup = (terminal: Terminal, text: string): Promise<void> =>
  change(terminal, text, async ({ groups }, { id }) => {
    await groups.hold(id);
    return "It is held: no further member starts.";
  });

/** `groups resume` */
export const resumeGroup = (terminal: Terminal, text: string): Promise<void> =>
  change(terminal, text, async ({ groups }, { id }) => {
    await groups.resume(id);
    return "It goes on.";
  });

/** `groups priority` */
export const prioritiseGroup = (terminal: Terminal, text: string, priority: string): Promise<void> =>
  change(terminal, text, async ({ groups }, { id }) => {
    await groups.setPriority(id, priority as PriorityName);
    return `Its waiting members have the priority ${priority}.`;
  });

/** `groups add` */
export const addToGroup = (terminal: Terminal, text: string, targets: readonly Target[]): Promise<void> =>
  change(
    terminal,
    text,
    async ({ groups }, { id }) => `${counted(await groups.add(id, targets), "member")} added. It is open.`,
  );

/** `groups close` */
export const closeGroup = (terminal: Terminal, text: string): Promise<void> =>
  change(terminal, text, async ({ groups }, { id }) => {
    await groups.close(id);
    return "It is closed: it settles when its members have ended.";
  });

/** `groups complete` */
export const completeGroup = (terminal: Terminal, text: string): Promise<void> =>
  change(
    terminal,
    text,
    async ({ groups }, { id }) => `${counted(await groups.complete(id), "member")} added. It is closed.`,
  );

/** Does something to a group, and shows it as it is then. */
async function change(terminal: Terminal, text: string, act: Act): Promise<void> {
  await using client = await openClient(terminal);
  const id = await findId(client.jobs, text);
  terminal.note(await act(client, await client.groups.get(id)));
  const group = await client.groups.get(id);
  const targetName = await nameOfTarget(client, group);
  printOne(terminal, group, () => groupText(group, targetName));
}
