import { setTimeout as pause } from "node:timers/promises";
import { type JobsClient, type LogLine, SETTLED } from "@callsheet/contract";
import { colours } from "../colours.ts";
import { findId } from "../job-id.ts";
import { formatClock } from "../moment.ts";
import { openClient } from "../open-client.ts";
import { jsonLine, printList } from "../output.ts";
import { printable } from "../printable.ts";
import type { Terminal } from "../terminal.ts";

interface LogFlags {
  readonly follow?: boolean;
  readonly attempt?: number;
}

const LOOK_MS = 250;

/** `jobs logs` */
export async function showLogs(terminal: Terminal, text: string, { follow, attempt }: LogFlags): Promise<void> {
  await using client = await openClient(terminal);
  const id = await findId(client.jobs, text);
  const isWanted = (line: LogLine) => attempt === undefined || line.attempt === attempt;
  if (follow) return await followLog(terminal, client.jobs, id, isWanted);
  await client.jobs.get(id);
  const lines = (await client.jobs.log(id)).filter(isWanted);
  if (terminal.format === "json") return printList(terminal, { rows: lines, columns: [], empty: "" });
  if (lines.length === 0) terminal.note("It has logged nothing.");
  terminal.write(lines.map((line) => lineText(terminal, line)).join(""));
}

/** Prints lines as they are stored, until the job is settled and the last of them is out. */
async function followLog(
  terminal: Terminal,
  jobs: JobsClient,
  id: string,
  isWanted: (line: LogLine) => boolean,
): Promise<void> {
  let shown = 0;
  while (true) {
    terminal.signal.throwIfAborted();
    // The state is read before the lines, so that what was logged last is not missed.
    const { state } = await jobs.get(id);
    const lines = await jobs.log(id);
    terminal.write(
      lines
        .slice(shown)
        .filter(isWanted)
        .map((line) => lineText(terminal, line))
        .join(""),
    );
    shown = lines.length;
    if (SETTLED.some((settled) => settled === state)) return;
    await pause(LOOK_MS, undefined, { signal: terminal.signal });
  }
}

const LEVEL_COLOURS: Readonly<Record<string, (text: string) => string>> = { warn: colours.yellow, error: colours.red };

function lineText({ format }: Terminal, line: LogLine): string {
  const { at, attempt, level, message } = line;
  if (format === "json" || format === "jsonl") return jsonLine(line);
  if (format === "tabs") return `${at.toISOString()}\t${attempt}\t${level}\t${printable(message)}\n`;
  const paint = LEVEL_COLOURS[level] ?? String;
  const [first = "", ...others] = message.split("\n").map(printable);
  const begin = `${colours.dim(`${formatClock(at)} ${attempt}`)} ${paint(level.padEnd(5))} `;
  return [`${begin}${first}\n`, ...others.map((text) => `${" ".repeat(17)}${text}\n`)].join("");
}
