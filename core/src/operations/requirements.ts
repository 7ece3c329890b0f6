import {
  type Action,
  type ActionType,
  callsheetError,
  requirementsSchema,
  SECRETS_CAPABILITY,
} from "@callsheet/contract";
import { checkConfiguration } from "./configuration.ts";
import { secretsAsked } from "./secrets/asked.ts";

/**
 * The capabilities that a job needs: its action's, those that the type derives from its configuration, given as JSON text, and
 * the keys of secrets when it refers to some. Where the type's code is not here what it derives is not known.
 */
export function requirementsOf(
  type: ActionType | undefined,
  { requires }: Action,
  configuration: string,
): readonly string[] {
  const own = secretsAsked(type, configuration).length === 0 ? requires : [...requires, SECRETS_CAPABILITY];
  if (type?.requires === undefined) return own;
  const derived = derive(type, configuration);
  const parsed = requirementsSchema.safeParse(Array.isArray(derived) ? [...own, ...derived] : derived);
  if (parsed.success) return parsed.data;
  throw unusable(type, parsed.error.issues[0]?.message);
}

function derive(type: ActionType, configuration: string): unknown {
  const read = checkConfiguration(type.configuration, JSON.parse(configuration));
  try {
    return type.requires?.(read);
  } catch (error) {
    throw unusable(type, Object(error).message, error);
  }
}

function unusable({ type }: ActionType, problem: unknown, cause?: unknown) {
  const message = `What action type "${type}" requires cannot be used: ${problem}.`;
  return callsheetError("invalid_argument", message, { field: "requires", type }, cause);
}
