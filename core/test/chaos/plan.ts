import type { JobInput } from "@callsheet/contract";

/** How a handler behaves; `chaos-node.mjs` knows it. */
export type How = "works" | "fails once" | "fails" | "overruns once" | "undoes once";

/** Units that there are of the only resource. */
export const CAPACITY = 12;
/** Units that one job needs at most. */
export const MOST_UNITS = 2;
const OBJECTS = 30;
const RETRY = { delayMs: 1, jitter: 0 };

/** Effects of each attempt that can undo what it did. */
export const EFFECTS = 3;

/** Actions by how their jobs behave: what fails once, or lets its time-out pass, has retries left for it. */
export const ACTIONS = {
  works: { name: "works", timeoutMs: 100, onTimeout: "flag", retry: { limit: 5, ...RETRY } },
  "fails once": { name: "fails-once", timeoutMs: 60_000, retry: { limit: 5, ...RETRY } },
  "undoes once": { name: "undoes-once", timeoutMs: 60_000, retry: { limit: 5, ...RETRY } },
  fails: { name: "fails", timeoutMs: 60_000, retry: { limit: 1, ...RETRY } },
  "overruns once": { name: "overruns-once", timeoutMs: 1_000, onTimeout: "fail", retry: { limit: 5, ...RETRY } },
} as const satisfies Record<How, object>;

const HOWS: readonly How[] = [
  "works",
  "works",
  "works",
  "works",
  "works",
  "undoes once",
  "fails once",
  "fails once",
  "fails",
  "overruns once",
];

/** The n-th job: how it behaves, and what it is created with. Most need units, or objects, or both. */
export function planOf(n: number, roll: (below: number) => number): { readonly how: How; readonly input: JobInput } {
  const how = HOWS[roll(HOWS.length)]!;
  const ids = [...new Set(Array.from({ length: roll(3) }, () => `${roll(OBJECTS)}`))];
  const objects = ids.map((id) => ({ id, mode: roll(3) === 0 ? "shared" : "exclusive" }) as const);
  const units = roll(MOST_UNITS + 1);
  const configuration = { how, ms: 20 + roll(130), objects, units, effects: how === "undoes once" ? EFFECTS : 0 };
  return {
    how,
    input: {
      ...{ configuration, idempotencyKey: `${n}`, owner: `owner-${roll(3)}` },
      ...(units > 0 ? { needs: { gpu: units } } : {}),
      locks: objects.map(({ id, mode }) => ({ type: "asset", id, mode })),
    },
  };
}
