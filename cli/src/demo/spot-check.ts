import { setTimeout as pause } from "node:timers/promises";
import { type ActionHandle, type Callsheet, SETTLED, type Target } from "@callsheet/core";
import type { ReportTimed } from "../report/report-data.ts";
import type { MediaFile } from "./media-folder.ts";
import { shortAction } from "./short-action.ts";

const EVERY_MS = 2_000;
const LOOK_MS = 50;
const LONGEST_MS = 10_000;

/** An action that is repeated by the clock for as long as the demo lasts, always as the same job. */
export interface SpotCheck {
  stop(): Promise<void>;
  /** Waits until the run is over that was under way when it was stopped: it cannot be called off. */
  over(): Promise<void>;
  /** What became of its times. */
  tell(): Promise<ReportTimed>;
}

export async function startSpotCheck(
  cs: Callsheet,
  action: ActionHandle,
  { name, file, target }: { readonly name: string; readonly file: MediaFile; readonly target: Target },
): Promise<SpotCheck> {
  await cs.timed.create({
    name,
    action: action.name,
    description: "the demo looks whether a file is what it was",
    rule: { kind: "interval", everyMs: EVERY_MS },
    job: { target },
  });
  await cs.timed.start(name);
  return {
    stop: async () => void (await cs.timed.stop(name)),
    over: async () => {
      for (let leftMs = LONGEST_MS; leftMs > 0; leftMs -= LOOK_MS) {
        const { jobState } = await cs.timed.get(name);
        if (jobState === "created" || SETTLED.some((state) => state === jobState)) return;
        await pause(LOOK_MS);
      }
    },
    tell: async () => {
      const occurrences = await cs.timed.occurrences(name);
      return {
        ...{ name, action: shortAction(action.name), file: file.name, everyMs: EVERY_MS },
        occurrences: occurrences.toReversed().map(({ instant, firedAt, outcome, reason }) => ({
          ...{ instant, firedAt, reason },
          startedAt: outcome?.startedAt ?? null,
          endedAt: outcome?.endedAt ?? null,
          state: outcome?.state ?? null,
        })),
      };
    },
  };
}
