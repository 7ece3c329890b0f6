import type { Action } from "@callsheet/contract";
import { formatDuration } from "../amount.ts";
import { colours } from "../colours.ts";
import { openClient } from "../open-client.ts";
import { printOne } from "../output.ts";
import { printable } from "../printable.ts";
import type { Terminal } from "../terminal.ts";
import { unitsText } from "../units-text.ts";
import { valueLines } from "../value-text.ts";

/** `actions show` */
export async function showAction(terminal: Terminal, name: string): Promise<void> {
  await using client = await openClient(terminal);
  const action = await client.actions.get(name);
  printOne(terminal, action, () => actionText(action));
}

/** An action for a person. */
export function actionText(action: Action): string {
  const { name, type, version, description, enabled, configuration, retry, timeoutMs, onTimeout } = action;
  const facts = [
    ["Type", type],
    ["Version", String(version)],
    ["Use", enabled ? "enabled" : "disabled: no more jobs can be created"],
    ["Priority", action.priority],
    ["Runs at", `site ${action.site}, queue ${action.queue}`],
    ["Time-out", timeoutMs === null ? "none" : `${formatDuration(timeoutMs)}, then ${onTimeout}`],
    ["Stalls", stallText(action)],
    ["Retries", retryText(retry)],
    ["Node lost", action.onNodeLost === undefined ? "" : NODE_LOST_TEXT[action.onNodeLost]],
    ["Cancel", `a running job ${CANCEL_TEXT[action.cancellable]}`],
    ["Isolation", isolationText(action)],
    ["Requires", action.requires.join(", ")],
    ["Needs", unitsText(action.needs)],
    ["Locks", action.lock === "none" ? "" : `its target, ${action.lock}`],
    ["Run rule", action.runRule ?? ""],
    ["Undo", action.undoAction === undefined ? "" : `by action ${action.undoAction}`],
    ["Redo", action.redoAction === undefined ? "" : `by action ${action.redoAction}`],
    ["Flags", action.flags.join(", ")],
  ] as const;
  const lines = facts
    .filter(([, text]) => text !== "")
    .map(([title, text]) => `  ${colours.dim(title.padEnd(10))}${printable(text)}\n`);
  return [
    `${colours.bold(printable(name))}\n`,
    description === "" ? "" : `${printable(description)}\n`,
    ...lines,
    Object.keys(configuration).length === 0
      ? ""
      : `${colours.bold("Configuration")}\n${valueLines(configuration, "  ").join("\n")}\n`,
  ].join("");
}

function isolationText({ isolation, memoryMiB, timeLimitMs }: Action): string {
  const memory = memoryMiB === null ? [] : [`${memoryMiB} MiB`];
  const time = timeLimitMs === null ? [] : [`ended after ${formatDuration(timeLimitMs)}`];
  return [isolation, ...memory, ...time].join(", ");
}

/** What its type says is told with the type. */
function stallText({ stallAfterMs }: Action): string {
  if (stallAfterMs === undefined) return "";
  return stallAfterMs === null ? "never said" : `said after ${formatDuration(stallAfterMs)} in which nothing moves`;
}

const NODE_LOST_TEXT = {
  retry: "its job is tried again",
  fail: "its job fails, for a person to retry",
} as const satisfies Record<NonNullable<Action["onNodeLost"]>, string>;

const CANCEL_TEXT = {
  never: "is never stopped",
  asks: "is asked to stop",
  abandon: "is abandoned at once",
} as const satisfies Record<Action["cancellable"], string>;

function retryText({ limit, delayMs, backoff, maxDelayMs }: Action["retry"]): string {
  if (limit === 0) return "none";
  return `${limit}, after ${formatDuration(delayMs)}, ${backoff}, at most ${formatDuration(maxDelayMs)}`;
}
