import {
  composeState,
  countMembers,
  isLegal,
  JOB_EVENTS,
  JOB_STATES,
  type JobEvent,
  type JobState,
  LIFECYCLE,
} from "@callsheet/contract";
import fc from "fast-check";
import { expect, test } from "vitest";
import { aGroup, aNode, expectSound } from "../../src/testing/index.ts";
import { databaseOfFile } from "../store/place.ts";

const file = databaseOfFile();
const EVENTS = JOB_EVENTS.filter((event) => LIFECYCLE[event].from.length > 0 && event !== "remove");
type Step = { readonly event: JobEvent; readonly to: JobState };

/** Every step that a job may take where it stands. */
function stepsFrom(from: JobState): readonly Step[] {
  return EVENTS.flatMap((event) =>
    JOB_STATES.filter((to) => isLegal(event, from, to, "job")).map((to) => ({ event, to })),
  );
}

async function take(id: string, { event, to }: Step): Promise<void> {
  const { store } = file.get();
  const more = event === "start" ? { nodeId: await aNode(file.get()) } : event === "plan" ? { delayMs: 0 } : {};
  expect(await store.transaction((tx) => tx.transition({ event, changes: [{ id, to, ...more }] }))).toHaveLength(1);
}

const choice = fc.record({ member: fc.nat(), step: fc.nat() });

test("whatever its members do, a group is what they add up to, and settles once in each generation", async () => {
  const { store } = file.get();
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 4 }),
      fc.array(choice, { minLength: 4, maxLength: 14 }),
      async (size, choices) => {
        const { id, members } = await aGroup(
          file.get(),
          Array.from({ length: size }, () => ({ state: "pending" })),
        );
        await store.transaction((tx) => tx.closeGroup(id));
        const states: JobState[] = members.map(() => "pending");
        let [generation, hasSettled, begun] = [1, 0, false];
        let wasSettled = false;
        for (const one of choices) {
          const at = one.member % size;
          const steps = stepsFrom(states[at]!);
          if (steps.length === 0) continue;
          const step = steps[one.step % steps.length]!;
          await take(members[at]!.id, step);
          states[at] = step.to;
          const counts = countMembers(states.map((state) => ({ state })));
          begun ||= counts.live + counts.overdue > 0;
          const { state, settled } = composeState({ kind: "group", counts, intent: "none", closed: true, begun });
          if (settled && !wasSettled) hasSettled += 1;
          if (!settled && wasSettled) generation += 1;
          wasSettled = settled;
          expect(await store.readGroup(id)).toMatchObject({ state, isSettled: settled, counts, generation });
        }
        const lines = await store.readHistory([id]);
        expect(lines.filter(({ event }) => event === "settled")).toHaveLength(hasSettled);
      },
    ),
    { numRuns: 25 },
  );
  await expectSound(file.get());
}, 60_000);
