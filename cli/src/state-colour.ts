import type { CompositeState, JobState } from "@callsheet/contract";
import { colours } from "./colours.ts";

const plain = (text: string): string => text;

const COLOURS = {
  created: colours.dim,
  scheduled: colours.dim,
  pending: colours.dim,
  queued: colours.dim,
  waiting_for_lock: colours.yellow,
  running: colours.cyan,
  timed_out: colours.yellow,
  retrying: colours.yellow,
  cancelling: colours.yellow,
  paused: colours.yellow,
  completed: colours.green,
  partial: colours.yellow,
  failed: colours.red,
  skipped: plain,
  cancelled: plain,
} satisfies Record<JobState, (text: string) => string>;

/** A text in the colour of a state, where colours are wanted. */
export function inStateColour(state: JobState, text: string): string {
  return COLOURS[state](text);
}

/** The name of a state as people read it. */
export function stateName(state: JobState | CompositeState): string {
  return state.replaceAll("_", " ");
}
