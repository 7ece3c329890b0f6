import { type Action, callsheetError, type GroupMode, type JobInput, type Target } from "@callsheet/contract";
import type { TargetRegistry } from "../target-registry.ts";

/** Whether a job's target has members that jobs can be made for. */
export function isGroupTarget(
  input: JobInput,
  targets: TargetRegistry,
): input is JobInput & { readonly target: Target } {
  const { target } = Object(input) as JobInput;
  return target !== undefined && targets.resolver(target?.type)?.members !== undefined;
}

/** How an action takes a group: by each member if it offers that. Fails with `group_not_offered`. */
export function groupModeOf({ name, flags }: Pick<Action, "name" | "flags">): GroupMode {
  if (flags.includes("groupMember")) return "members";
  if (flags.includes("group")) return "whole";
  throw callsheetError("group_not_offered", `Action "${name}" does not run on groups.`, { action: name });
}
