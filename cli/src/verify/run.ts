import { EXIT } from "../exit-code.ts";
import { openClient } from "../open-client.ts";
import { printOne } from "../output.ts";
import type { Terminal } from "../terminal.ts";
import { reportText } from "./report-text.ts";

/** How often a large system says how far it is, in milliseconds. */
const TELL_MS = 2_000;

/** Looks whether every invariant holds, and says what was looked at. Changes nothing. */
export async function runVerify(terminal: Terminal, { most }: { readonly most: number }): Promise<void> {
  const client = await openClient(terminal);
  try {
    const begin = performance.now();
    let told = begin;
    const onProgress = (jobs: number, of: number) => {
      if (performance.now() - told < TELL_MS) return;
      told = performance.now();
      terminal.note(`${jobs.toLocaleString("en")} of ${of.toLocaleString("en")} jobs`);
    };
    const found = await client.verify({ most, onProgress });
    const tookMs = Math.round(performance.now() - begin);
    printOne(terminal, { ...found, tookMs }, () => reportText(found, tookMs));
    if (!found.isSound) terminal.exitCode = EXIT.failed;
  } finally {
    await client.close();
  }
}
