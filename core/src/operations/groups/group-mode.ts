import {
  type Action,
  callsheetError,
  GROUP_FLAGS,
  type GroupMode,
  type JobInput,
  type Target,
} from "@callsheet/contract";
import type { TargetRegistry } from "../target-registry.ts";
import type { TypeRegistry } from "../type-registry.ts";

/** Whether a job's target has members that jobs can be made for. */
export function isGroupTarget(
  input: JobInput,
  targets: TargetRegistry,
): input is JobInput & { readonly target: Target } {
  const { target } = Object(input) as JobInput;
  return target !== undefined && targets.resolver(target?.type)?.members !== undefined;
}

/**
 * How an action takes a group: as its flags say, else as those of its type; by each member if that is offered. Fails with
 * `group_not_offered`.
 */
export async function groupModeOf(
  { name, type, flags }: Pick<Action, "name" | "type" | "flags">,
  types: TypeRegistry,
): Promise<GroupMode> {
  const own = GROUP_FLAGS.filter((flag) => flags.includes(flag));
  const offered = own.length > 0 ? own : ((await types.known(type))?.flags ?? []);
  if (offered.includes("groupMember")) return "members";
  if (offered.includes("group")) return "whole";
  throw callsheetError("group_not_offered", `Action "${name}" does not run on groups.`, { action: name });
}
