import { type ErrorCode, isCallsheetError, type Operation } from "@callsheet/contract";
import { commandsFor } from "./job-command.ts";
import { printable } from "./printable.ts";

type Details = Readonly<Record<string, unknown>>;

const NEXT: Readonly<Partial<Record<ErrorCode, (details: Details) => string | undefined>>> = {
  action_disabled: ({ action }) => withName("callsheet actions enable", action),
  asset_exists: ({ id }) => withName("callsheet assets show", id),
  asset_in_use: ({ id }) =>
    typeof id === "string" ? `callsheet jobs list --target asset:${printable(id)}` : undefined,
  collection_exists: () => "callsheet collections list",
  collection_in_use: ({ id }) => `callsheet jobs list --target collection:${id}`,
  amend_refused: ({ id }) => withName("callsheet jobs wait", id),
  database_lost: () => "callsheet doctor",
  database_missing: () => "callsheet doctor",
  database_refused: () => "callsheet doctor",
  job_not_found: () => "callsheet jobs list",
  impossible_need: () => "callsheet resources list",
  node_ended: ({ name }) => withName("callsheet nodes show", name),
  node_name_in_use: () => "callsheet nodes list",
  not_cancellable: ({ id }) => withName("callsheet jobs wait", id),
  not_paused: () => "callsheet pauses list",
  not_quarantined: () => "callsheet locks list --quarantined",
  resource_in_use: ({ resource }) => withName("callsheet resources show", resource),
  secret_key_exists: () => "callsheet secrets init-key --add",
  secret_key_missing: ({ keyId }) => (keyId === undefined ? "callsheet secrets init-key" : undefined),
  unknown_action: () => "callsheet actions list",
  unknown_action_type: () => "callsheet actions list",
  unknown_asset: () => "callsheet assets list",
  unknown_collection: () => "callsheet collections list",
  unknown_limit: () => "callsheet limits list",
  unknown_queue: () => "callsheet queues list",
  unknown_node: () => "callsheet nodes list --all",
  unknown_resource: () => "callsheet resources list",
  unknown_secret: () => "callsheet secrets list",
  wait_timeout: ({ id }) => withName("callsheet jobs explain", id),
  timed_action_busy: ({ timedAction }) => withName("callsheet timed occurrences", timedAction),
  timed_not_offered: ({ action, flags }) =>
    Array.isArray(flags)
      ? `callsheet actions change ${printable(String(action))} --flags ${flags.join(",")}`
      : undefined,
  unknown_timed_action: () => "callsheet timed list",
  wrong_state: afterWrongState,
};

/** The command to try after an error of the catalogue, if one is known. */
export function nextCommand(error: unknown): string | undefined {
  return isCallsheetError(error) ? NEXT[error.code]?.(error.details) : undefined;
}

/** A timed job's timed action; else an operation that is legal now; else, where none helps, why it stands as it does. */
function afterWrongState({ id, legal, timedAction }: Details): string | undefined {
  if (typeof timedAction === "string") return withName("callsheet timed stop", timedAction);
  // Without the operations that are legal now: what stands in the way is not the job's state.
  if (!Array.isArray(legal)) return undefined;
  return commandsFor(legal as readonly Operation[], String(id))[0] ?? withName("callsheet jobs explain", id);
}

function withName(command: string, name: unknown): string | undefined {
  return typeof name === "string" ? `${command} ${printable(name)}` : undefined;
}
