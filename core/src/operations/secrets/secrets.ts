import {
  type Authority,
  callsheetError,
  isSecretName,
  nameSchema,
  type Secret,
  type SecretInput,
  type SecretRotation,
  type SecretUse,
} from "@callsheet/contract";
import type { Desk } from "../operate.ts";
import { unknownSecret } from "./asked.ts";
import { type Keyring, keyOf } from "./keyring.ts";
import { newNonce, open, seal } from "./seal.ts";

/** What operations on secrets work with, beside the desk. */
export interface Safe {
  readonly keyring: Keyring;
  readonly randomBytes: (count: number) => Uint8Array;
}

/** A shorter value could not be hidden in what a job says without hiding half of that. */
const SHORTEST = 4;
const LONGEST = 16_384;

/** Creates a secret, or gives it another value. */
export async function putSecret(
  { store, catalogue }: Desk,
  { keyring, randomBytes }: Safe,
  name: string,
  secret: SecretInput,
  { actor, reason }: Authority,
): Promise<Secret> {
  const { value, actions } = checkSecret(name, secret);
  const sealed = seal(await keyring.newest(), { name, value }, newNonce(randomBytes));
  const stored = await store.putSecret({ name, ...sealed, actions, actor, reason: reason ?? null });
  catalogue.forgetSecrets();
  return stored;
}

/** Forgets a secret; fails with `unknown_secret`. */
export async function removeSecret(
  { store, catalogue }: Desk,
  name: string,
  { actor, reason }: Authority,
): Promise<void> {
  const isGone = isSecretName(name) && (await store.removeSecret(name, { actor, reason: reason ?? null }));
  catalogue.forgetSecrets();
  if (!isGone) throw unknownSecret(String(name));
}

/** Seals every secret with the newest key: all of them, or none when one cannot be opened. */
export async function rotateSecrets(
  { store }: Desk,
  { keyring, randomBytes }: Safe,
  { actor, reason }: Authority,
): Promise<SecretRotation> {
  const [newest, keys] = [await keyring.newest(), await keyring.all()];
  return store.transaction(async (tx) => {
    const secrets = await tx.lockSecretsNotUnder(newest.id);
    for (const secret of secrets) {
      const { name } = secret;
      const value = open(keyOf(keys, secret), name, secret.sealed);
      await tx.resealSecret(name, seal(newest, { name, value }, newNonce(randomBytes)), {
        actor,
        reason: reason ?? null,
      });
    }
    return { keyId: newest.id, secretCount: secrets.length };
  });
}

const MOST_USES = 10_000;

/** What was done with a secret, the last first; fails with `unknown_secret` when nothing was. */
export async function secretHistory(
  { store }: Desk,
  name: string,
  options: { readonly limit?: number },
): Promise<readonly SecretUse[]> {
  const { limit = 100 } = Object(options) as typeof options;
  if (!Number.isInteger(limit) || limit < 1 || limit > MOST_USES)
    throw invalid("limit", `limit must be a whole number from 1 to ${MOST_USES}`);
  const uses = isSecretName(name) ? await store.secretUses(name, limit) : [];
  if (uses.length === 0) throw unknownSecret(String(name));
  return uses;
}

function checkSecret(name: unknown, secret: unknown): SecretInput {
  const { value, actions = undefined } = Object(secret) as Partial<Record<keyof SecretInput, unknown>>;
  const parsed = nameSchema.safeParse(name);
  if (!parsed.success) throw invalid("name", `name: ${parsed.error.issues[0]!.message}`);
  if (typeof value !== "string" || value.length < SHORTEST || value.length > LONGEST)
    throw invalid("value", `value must be a text of ${SHORTEST} to ${LONGEST} characters`);
  if (!value.isWellFormed()) throw invalid("value", "value holds half of a surrogate pair");
  if (actions === undefined || actions === null) return { value, ...(actions === null ? { actions } : {}) };
  if (!Array.isArray(actions) || actions.length > 1_000 || actions.some((one) => !nameSchema.safeParse(one).success))
    throw invalid("actions", "actions must be a list of names of actions, or null");
  return { value, actions: [...new Set(actions as readonly string[])].sort() };
}

const invalid = (field: string, problem: string) => callsheetError("invalid_argument", `${problem}.`, { field });
