import { type FacilityDay, madeUpDay, readDay } from "@callsheet/contract";
import { usageError } from "../failure.ts";
import { readJsonLines } from "../input-file.ts";
import { openClient } from "../open-client.ts";
import type { Terminal } from "../terminal.ts";
import type { SimulateFlags } from "./flags.ts";

const DAY_MS = 86_400_000;
/** Made-up days are all the same one of the calendar, so that a seed says all. */
const MADE_UP_FROM = new Date("2026-01-01T00:00:00Z");

/** The day that is to be replayed: of a file, of the database, or made up. */
export async function findDay(
  terminal: Terminal,
  file: string | undefined,
  flags: SimulateFlags,
): Promise<FacilityDay> {
  const { from, to, madeUp, seed } = flags;
  if ([file, from, madeUp].filter((source) => source !== undefined).length !== 1)
    throw usageError(
      "There must be one day to replay.",
      "Give a file, or --from for a recorded day, or --made-up 2000.",
    );
  if (to !== undefined && from === undefined)
    throw usageError("--to needs --from.", "Say when the recorded day begins.");
  if (file !== undefined) return readDay(await readJsonLines(terminal, file));
  if (madeUp !== undefined) return madeUpDay({ jobs: madeUp, seed, from: MADE_UP_FROM });
  await using client = await openClient(terminal);
  // Awaited here: the client is closed when this returns.
  return await client.recordDay({ from: from!, until: to ?? new Date(from!.getTime() + DAY_MS) });
}
