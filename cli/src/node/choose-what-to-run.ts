import type { ActionType } from "@callsheet/core";
import { usageError } from "../failure.ts";
import { actionTypesIn } from "./action-types-in.ts";
import type { NodeFlags } from "./node-flags.ts";
import { loadPlugin } from "./plugin.ts";

/** The action types that a node is to run: those that ship and those of its plug-ins, or the ones of them that are named. */
export async function chooseTypes({ plugin = [], types: wanted }: NodeFlags): Promise<readonly ActionType[]> {
  const shipped = actionTypesIn(await import("@callsheet/actions"));
  const added: ActionType[] = [];
  for (const name of plugin) added.push(...(await loadPlugin(name, process.cwd())));
  const types = [...shipped, ...added];
  refuseTwins(types);
  if (wanted === undefined) return types;
  const unknown = wanted.filter((name) => !types.some(({ type }) => type === name));
  if (unknown.length === 0) return types.filter(({ type }) => wanted.includes(type));
  throw usageError(
    `There is no action type ${unknown.join(", ")} here.`,
    `There are ${types.map(({ type }) => type).join(", ")}; a module of yours is named by --plugin.`,
  );
}

function refuseTwins(types: readonly ActionType[]): void {
  const names = types.map(({ type }) => type);
  const twin = names.find((name, index) => names.indexOf(name) !== index);
  if (twin === undefined) return;
  throw usageError(`The action type ${twin} is there twice.`, "Give the one of the plug-in another name.");
}
