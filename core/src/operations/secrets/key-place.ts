import { resolve } from "node:path";
import type { KeyPlace } from "./keyring.ts";

/** What says where the keys of secrets are. */
export interface KeyPlaceOptions {
  readonly secretKeyFile?: string | undefined;
  /** Of a private server. */
  readonly dataDir?: string | undefined;
}

/**
 * Where the keys of secrets are: in the file that is named, by an option or by CALLSHEET_SECRET_KEY_FILE, else beside the data
 * directory of a private server, so that a copy of the directory opens nothing.
 */
export function keyPlace(options: KeyPlaceOptions, variables: Readonly<Record<string, string | undefined>>): KeyPlace {
  const named = options.secretKeyFile || variables.CALLSHEET_SECRET_KEY_FILE;
  if (named) return { file: resolve(named), isNamed: true };
  return { file: options.dataDir === undefined ? null : `${resolve(options.dataDir)}.keys`, isNamed: false };
}
