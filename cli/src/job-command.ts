import type { Operation } from "@callsheet/contract";

const VERBS = {
  plan: "plan",
  unplan: "unplan",
  hold: "hold",
  resume: "resume",
  retry: "retry",
  amend: "amend",
  cancel: "cancel",
  set_priority: undefined,
  declare_lost: undefined,
} as const satisfies Record<Operation, string | undefined>;

/** The commands for operations on a job in one line, `callsheet jobs retry|cancel ID`; undefined when there is none. */
export function commandFor(operations: readonly Operation[], id: string): string | undefined {
  const verbs = operations.flatMap((operation) => VERBS[operation] ?? []);
  return verbs.length === 0 ? undefined : `callsheet jobs ${verbs.join("|")} ${id}`;
}
