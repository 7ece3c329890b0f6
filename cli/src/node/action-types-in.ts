import type { ActionType } from "@callsheet/core";

/** The action types among what a module exports, also within a list that it exports; each once. */
export function actionTypesIn(exported: object): readonly ActionType[] {
  const values = Object.values(exported).flatMap((value: unknown) => (Array.isArray(value) ? value : [value]));
  return [...new Set(values.filter(isActionType))];
}

function isActionType(value: unknown): value is ActionType {
  const { type, version, configuration, run } = Object(value) as Partial<Record<keyof ActionType, unknown>>;
  const isSchema = typeof Object(configuration).safeParse === "function";
  return typeof type === "string" && typeof version === "number" && isSchema && typeof run === "function";
}
