import { callsheetError } from "@callsheet/contract";
import { type Environment, systemEnvironment } from "./engine/environment.ts";
import { type KeyPlaceOptions, keyPlace } from "./operations/secrets/key-place.ts";
import { addKey, makeKeyFile } from "./operations/secrets/keyring.ts";

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

async function inFile(
  options: KeyPlaceOptions,
  { processes, files, randomBytes }: Environment,
  make: typeof makeKeyFile,
): Promise<MadeKey> {
  const { file } = keyPlace(options, processes.variables);
  if (file === null) throw callsheetError("secret_key_missing", "Nobody has said where the keys of secrets are.");
  return { file, keyId: await make(file, { files, randomBytes }) };
}
