import type { Operation } from "@callsheet/contract";

/** What follows `callsheet jobs`, what helps most first. */
const COMMANDS = {
  retry: (id) => `retry ${id}`,
  amend: (id) => `amend ${id} --set KEY=VALUE --retry`,
  resume: (id) => `resume ${id}`,
  plan: (id) => `plan ${id} --at +10m`,
  hold: (id) => `hold ${id}`,
  unplan: (id) => `unplan ${id}`,
  cancel: (id) => `cancel ${id}`,
  retry_rollback: (id) => `rollback retry ${id}`,
  resolve_rollback: (id) => `rollback resolve ${id} --reason TEXT`,
  undo: (id) => `undo ${id}`,
  redo: (id) => `redo ${id}`,
  set_priority: undefined,
  declare_lost: undefined,
} as const satisfies Record<Operation, ((id: string) => string) | undefined>;

/** The commands for operations on a job, what helps most first; whole, so that each can be copied. */
export function commandsFor(operations: readonly Operation[], id: string): readonly string[] {
  return Object.entries(COMMANDS)
    .filter(([operation]) => (operations as readonly string[]).includes(operation))
    .flatMap(([, command]) => (command === undefined ? [] : `callsheet jobs ${command(id)}`));
}
