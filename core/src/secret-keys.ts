import { callsheetError } from "@callsheet/contract";
import { type Environment, systemEnvironment } from "./engine/environment.ts";
import { type KeyPlaceOptions, keyPlace } from "./operations/secrets/key-place.ts";
import { addKey, type KeyFiles, makeKeyFile } from "./operations/secrets/keyring.ts";

/** A file of keys, and the one that was made. */
export interface MadeKey {
  readonly file: string;
  readonly keyId: string;
}

/**
 * Makes the file with the keys of secrets, readable by its owner only, and a first key in it: where `secretKeyFile` says, else
 * CALLSHEET_SECRET_KEY_FILE, else beside `dataDir`. No database is needed. Fails with `secret_key_exists`.
 */
export function initSecretKeys(
  options: KeyPlaceOptions,
  environment: Environment = systemEnvironment(),
): Promise<MadeKey> {
  return inFile(options, environment, makeKeyFile);
}

/** Adds a key to the file: it seals from then on, and those before it still open what they sealed. Fails with `secret_key_missing`. */
export function addSecretKey(
  options: KeyPlaceOptions,
  environment: Environment = systemEnvironment(),
): Promise<MadeKey> {
  return inFile(options, environment, addKey);
}

/** Keys as they were read once. */
export type HeldKeys = Pick<KeyFiles, "readText" | "modeOf">;

/**
 * Reads the file with the keys of secrets, for `secretKeys` of a process that may not read it later. Undefined: nobody has said where
 * it is. Keys that are added later are not seen.
 */
export async function holdSecretKeys(
  options: KeyPlaceOptions,
  { processes, files }: Environment = systemEnvironment(),
): Promise<HeldKeys | undefined> {
  const { file } = keyPlace(options, processes.variables);
  if (file === null) return undefined;
  const mode = await files.modeOf(file);
  const text = mode === undefined ? "" : await files.readText(file);
  return { modeOf: async () => mode, readText: async () => text };
}

async function inFile(
  options: KeyPlaceOptions,
  { processes, files, randomBytes }: Environment,
  make: typeof makeKeyFile,
): Promise<MadeKey> {
  const { file } = keyPlace(options, processes.variables);
  if (file === null) throw callsheetError("secret_key_missing", "Nobody has said where the keys of secrets are.");
  return { file, keyId: await make(file, { files, randomBytes }) };
}
