import type { Amendment, JobState } from "@callsheet/contract";
import { type Assignment, assign } from "../assignment.ts";
import { usageError } from "../failure.ts";
import { readObject } from "../input-file.ts";
import { findId } from "../job-id.ts";
import { openClient } from "../open-client.ts";
import { printOne } from "../output.ts";
import { stateName } from "../state-colour.ts";
import type { Terminal } from "../terminal.ts";
import { differenceText } from "./history.ts";

interface AmendFlags {
  readonly set?: readonly Assignment[];
  readonly unset?: readonly string[];
  readonly configFile?: string;
  readonly retry?: boolean;
}

/** `jobs amend` */
export async function amendJob(terminal: Terminal, text: string, flags: AmendFlags): Promise<void> {
  const { set = [], unset = [], configFile, retry } = flags;
  if (set.length + unset.length === 0 && configFile === undefined) {
    throw usageError("It is not said what to change.", "Add --set key=value, --unset key or --config-file FILE.");
  }
  const replacement = configFile === undefined ? undefined : await readObject(terminal, configFile);
  const cleared = unset.map((key) => ({ path: key.split("."), value: undefined }));
  await using client = await openClient(terminal);
  const { jobs } = client;
  const id = await findId(jobs, text);
  const { configuration, configurationVersion } = await jobs.get(id);
  const before = configuration as Readonly<Record<string, unknown>>;
  const version = await jobs.amend(id, assign(replacement ?? before, [...set, ...cleared]), { configurationVersion });
  const amendment = (await jobs.amendments(id)).find((one) => one.version === version - 1);
  const state = retry ? await jobs.retry(id) : (await jobs.get(id)).state;
  const difference = changesOf(amendment);
  printOne(terminal, { id, version, difference, state }, () => amendedText(difference, version, state));
}

function changesOf(amendment: Amendment | undefined): readonly unknown[] {
  return Array.isArray(amendment?.difference) ? amendment.difference : [];
}

function amendedText(difference: readonly unknown[], version: number, state: JobState): string {
  const changes = difference.length === 0 ? ["nothing is different"] : difference.map(differenceText);
  return `${changes.join("\n")}\nConfiguration version ${version}; the job is ${stateName(state)}.\n`;
}
