import { createInterface } from "node:readline/promises";
import { failure, usageError } from "./failure.ts";
import type { Terminal } from "./terminal.ts";

/** More things than this are confirmed by typing their number. */
const MOST_BY_YES = 100;

/**
 * Asks before something that cannot be undone, or is done to many. Passes with --yes; fails when the answer is no, and with
 * a usage error when there is nobody to ask.
 */
export async function confirm(terminal: Terminal, question: string, count = 1): Promise<void> {
  if (terminal.flags.yes) return;
  if (!terminal.canAsk) {
    throw usageError("This asks for a confirmation, and there is no terminal to ask.", "Add --yes to confirm it.");
  }
  const wanted = count > MOST_BY_YES ? String(count) : "y";
  const { stdin: input, stderr: output, signal } = terminal;
  const reader = createInterface({ input, output });
  // Ctrl-C meets the reader first, which would only pause.
  reader.once("SIGINT", () => process.kill(process.pid, "SIGINT"));
  try {
    const answer = await reader.question(`${question} [${wanted === "y" ? "y/N" : `type ${wanted}`}] `, { signal });
    const isMeant = wanted === "y" ? /^y(es)?$/i.test(answer.trim()) : answer.trim() === wanted;
    if (!isMeant) throw failure("not_confirmed", "Nothing was done.", "Answer as it asks, or add --yes.");
  } finally {
    reader.close();
  }
}
