import type { JobState } from "../state.ts";
import type { Violation } from "./invariant.ts";
import { stepsOf } from "./lines.ts";
import type { JobRecord } from "./record.ts";

/** What no retry of a group reaches. */
const DONE: readonly (JobState | null)[] = ["completed", "skipped", "cancelled"];

/** Checks that a member of a group or run began anew only after it had failed; also where its kind would let it. */
export function checkMember({ parentId, lines }: JobRecord): readonly Violation[] {
  if (parentId === null) return [];
  return lines.flatMap((line) =>
    stepsOf(line)
      .filter(({ from, to }) => DONE.includes(from) && to !== null && !DONE.includes(to))
      .map(
        ({ from, to }): Violation => ({
          invariant: "I38",
          lines: [line.seq],
          message: `It was ${from}, and became ${to}.`,
        }),
      ),
  );
}
