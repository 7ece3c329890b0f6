import { callsheetError } from "@callsheet/contract";
import { Environment, type ParseResult } from "@marcbachmann/cel-js";

/** What a run rule may speak of. */
export interface RuleInput {
  readonly target: { readonly type: string; readonly id: string } | null;
  readonly owner: string;
  readonly tags: readonly string[];
  readonly configuration: unknown;
}

const environment = new Environment()
  .registerVariable("target", "dyn")
  .registerVariable("owner", "string")
  .registerVariable("tags", "list<string>")
  .registerVariable("configuration", "dyn");
const known = new Map<string, ParseResult>();

/** Reads a rule; fails with `invalid_argument` when it is not CEL, speaks of unknown names, or cannot be true or false. */
export function parseRunRule(rule: string): ParseResult {
  const parsed = known.get(rule);
  if (parsed) return parsed;
  try {
    const read = environment.parse(rule);
    const checked = read.check();
    if (!checked.valid) throw checked.error;
    if (checked.type !== "bool" && checked.type !== "dyn")
      throw new Error(`it gives a ${checked.type}, not true or false`);
    known.set(rule, read);
    return read;
  } catch (error) {
    throw callsheetError(
      "invalid_argument",
      `The run rule cannot be used: ${(error as Error).message}`,
      { field: "runRule", rule },
      error,
    );
  }
}

/** Refuses the job with `action_refused` when the rule does not hold, or cannot be decided for it. */
export function requireRunRule(rule: string, action: string, input: RuleInput): void {
  let holds: unknown;
  try {
    holds = parseRunRule(rule)(input as unknown as Record<string, unknown>);
  } catch (error) {
    throw callsheetError(
      "action_refused",
      `The run rule of "${action}" could not be decided: ${(error as Error).message}`,
      { action, rule },
      error,
    );
  }
  if (holds !== true)
    throw callsheetError("action_refused", `The run rule of "${action}" does not hold: ${rule}`, { action, rule });
}
