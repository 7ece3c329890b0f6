import { type CallsheetClient, type JobState, TOKEN_PREFIX } from "@callsheet/contract";
import { confirm } from "../confirm.ts";
import { usageError } from "../failure.ts";
import { readJson, readText } from "../input-file.ts";
import { findId } from "../job-id.ts";
import { openClient } from "../open-client.ts";
import { printOne } from "../output.ts";
import { stateName } from "../state-colour.ts";
import type { Terminal } from "../terminal.ts";

/** `jobs complete` */
export async function completeElsewhere(
  terminal: Terminal,
  ref: string,
  flags: { readonly result?: string; readonly resultFile?: string },
): Promise<void> {
  const { result, resultFile } = flags;
  if (result !== undefined && resultFile !== undefined)
    throw usageError("The result is given twice.", "Leave out --result or --result-file.");
  const value = resultFile === undefined ? resultOf(result) : await readJson(terminal, resultFile);
  await say(terminal, ref, { ends: "completed" }, ({ elsewhere }, one) => elsewhere.complete(one, value));
}

/** `jobs fail` */
export function failElsewhere(
  terminal: Terminal,
  ref: string,
  flags: { readonly message: string; readonly code?: string },
): Promise<void> {
  const { message, code } = flags;
  const error = { message, ...(code === undefined ? {} : { code }) };
  return say(terminal, ref, { ends: "failed" }, ({ elsewhere }, one) => elsewhere.fail(one, error));
}

/** `jobs progress` */
export function progressElsewhere(
  terminal: Terminal,
  ref: string,
  percent: number | undefined,
  { message }: { readonly message?: string },
): Promise<void> {
  if (percent === undefined && message !== undefined)
    throw usageError("A message needs a percentage beside it.", "callsheet jobs progress REF PERCENT --message TEXT");
  return say(terminal, ref, {}, ({ elsewhere }, one) =>
    percent === undefined ? elsewhere.heartbeat(one) : elsewhere.progress(one, percent, message),
  );
}

/** Whoever has the token is believed; who names a job by its id ends other people's work, and is asked. */
async function say(
  terminal: Terminal,
  given: string,
  { ends }: { readonly ends?: string },
  act: (client: CallsheetClient, ref: string) => Promise<JobState>,
): Promise<void> {
  const ref = given === "-" ? (await readText(terminal, "-")).trim() : given;
  await using client = await openClient(terminal);
  const isToken = ref.startsWith(TOKEN_PREFIX);
  const one = isToken ? ref : await findId(client.jobs, ref);
  if (!isToken && ends !== undefined) await confirm(terminal, `Job ${one} will be told as ${ends}. Go on?`);
  const state = await act(client, one);
  printOne(terminal, { state }, () => `It is ${stateName(state)}.\n`);
}

function resultOf(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
