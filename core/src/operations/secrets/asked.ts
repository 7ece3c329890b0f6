import {
  type ActionType,
  callsheetError,
  isSecretName,
  mayReferToSecrets,
  type Secret,
  secretsIn,
} from "@callsheet/contract";
import type { Catalogue } from "../catalogue.ts";

const NONE: readonly string[] = [];

/** The secrets that a configuration, given as JSON text, refers to. A type may say that there are never any. */
export function secretsAsked(type: ActionType | undefined, configuration: string): readonly string[] {
  if (!mayReferToSecrets(configuration) || type?.secrets === "texts") return NONE;
  return secretsIn(JSON.parse(configuration));
}

/** Refuses references that could not be followed now: `unknown_secret`, `secret_refused`. */
export async function requireSecrets(
  catalogue: Pick<Catalogue, "secrets" | "forgetSecrets">,
  action: string,
  names: readonly string[],
): Promise<void> {
  if (names.length === 0 || refusal(names, action, await catalogue.secrets()) === undefined) return;
  // Somebody may have put it a moment ago.
  catalogue.forgetSecrets();
  const refused = refusal(names, action, await catalogue.secrets());
  if (refused) throw refused;
}

type Permitted = Pick<Secret, "name" | "actions">;

/** Why an action's job may not have these secrets, if so. */
export function refusal(names: readonly string[], action: string, secrets: readonly Permitted[]) {
  for (const name of names) {
    const secret = secrets.find((one) => one.name === name);
    if (!secret) return unknownSecret(name);
    if (secret.actions === null || secret.actions.includes(action)) continue;
    const message = `Action "${action}" may not use the secret "${name}".`;
    return callsheetError("secret_refused", message, { secret: name, action });
  }
  return undefined;
}

/** The error of a name under which there is no secret. */
export function unknownSecret(name: string) {
  if (isSecretName(name)) return callsheetError("unknown_secret", `There is no secret "${name}".`, { secret: name });
  const message = `"secret://${name.slice(0, 100)}" refers to no secret: a name has lower-case letters, digits, dots, dashes and underscores.`;
  return callsheetError("unknown_secret", message, {});
}
