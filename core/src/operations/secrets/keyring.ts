import { dirname } from "node:path";
import { callsheetError } from "@callsheet/contract";
import { KEY_BYTES, type SecretKey, secretKey } from "./seal.ts";

/** What is asked of the world where keys are kept. */
export interface KeyFiles {
  readText(path: string): Promise<string>;
  /** Who may do what with a file, as the system's number; undefined: there is none. */
  modeOf(path: string): Promise<number | undefined>;
  /** Writes a new file that only its owner can read; fails when there is something. */
  writePrivate(path: string, text: string): Promise<void>;
  move(from: string, to: string): Promise<void>;
  /** Makes a directory, and those above it that are missing. */
  makeDirectory(path: string): Promise<void>;
}

/** Where keys are kept. */
export interface KeyPlace {
  /** Null: nobody has said where. */
  readonly file: string | null;
  /** It was named, so that a node without it must not begin. */
  readonly isNamed: boolean;
}

/** The keys of secrets. The file is read whenever one is needed: a key that is added is there at once. */
export interface Keyring {
  /** Whether there are keys here. Fails when the file cannot be used, and with `secret_key_missing` when it was named and is not there. */
  isThere(): Promise<boolean>;
  /** The key that values are sealed with; fails with `secret_key_missing` or `secret_key_unusable`. */
  newest(): Promise<SecretKey>;
  /** Keys by id; fails as `newest` does. */
  all(): Promise<ReadonlyMap<string, SecretKey>>;
}

export function createKeyring({ file, isNamed }: KeyPlace, files: Pick<KeyFiles, "readText" | "modeOf">): Keyring {
  const read = () => {
    if (file === null) throw callsheetError("secret_key_missing", "Nobody has said where the keys of secrets are.");
    return readKeys(file, files);
  };
  return {
    isThere: async () => {
      if (file === null || (!isNamed && (await files.modeOf(file)) === undefined)) return false;
      return (await read()).length > 0;
    },
    newest: async () => (await read()).at(-1)!,
    all: async () => new Map((await read()).map((key) => [key.id, key])),
  };
}

/** A key among those that are here; fails with `secret_key_missing`. */
export function keyOf(
  keys: ReadonlyMap<string, SecretKey>,
  secret: { readonly name: string; readonly keyId: string },
): SecretKey {
  const key = keys.get(secret.keyId);
  if (key) return key;
  const message = `The secret "${secret.name}" is sealed with key ${secret.keyId}, which is not in the key file here.`;
  throw callsheetError("secret_key_missing", message, { secret: secret.name, keyId: secret.keyId });
}

interface Making {
  readonly files: KeyFiles;
  readonly randomBytes: (count: number) => Uint8Array;
}

/** Makes a file with a first key; fails with `secret_key_exists`. Answers the key's id. */
export async function makeKeyFile(file: string, { files, randomBytes }: Making): Promise<string> {
  const key = randomBytes(KEY_BYTES);
  try {
    await files.makeDirectory(dirname(file));
    await files.writePrivate(file, `${TITLE}${lineOf(key)}`);
  } catch (error) {
    if (codeOf(error) === "EEXIST")
      throw callsheetError("secret_key_exists", `There is a key file already: ${file}.`, { file }, error);
    throw unusable(file, `cannot be written: ${codeOf(error)}`, error);
  }
  return secretKey(key).id;
}

/** Adds a key to a file, which is the newest then; those before it still open what they sealed. Answers the new key's id. */
export async function addKey(file: string, { files, randomBytes }: Making): Promise<string> {
  await readKeys(file, files);
  const [key, before, aside] = [randomBytes(KEY_BYTES), await files.readText(file), `${file}.new`];
  try {
    await files.writePrivate(aside, `${before.replace(/\n*$/, "\n")}${lineOf(key)}`);
    await files.move(aside, file);
  } catch (error) {
    throw unusable(file, `cannot be replaced by ${aside}: ${codeOf(error)}`, error);
  }
  return secretKey(key).id;
}

const TITLE = "# Keys of Callsheet's secrets, one a line. The last one seals, each opens what it sealed.\n";
const lineOf = (key: Uint8Array) => `${Buffer.from(key).toString("base64")}\n`;
/** Others may do nothing, and the group may read at most. */
const FORBIDDEN = 0o037;

async function readKeys(file: string, files: Pick<KeyFiles, "readText" | "modeOf">): Promise<readonly SecretKey[]> {
  const mode = await files.modeOf(file);
  if (mode === undefined) throw callsheetError("secret_key_missing", `There is no key file ${file}.`, { file });
  if ((mode & FORBIDDEN) !== 0) throw unusable(file, "can be read or written by others than its owner");
  const text = await files.readText(file).catch((error: unknown) => {
    throw unusable(file, `cannot be read: ${codeOf(error)}`, error);
  });
  const lines = text.split("\n").map((line) => line.trim());
  const keys = lines.filter((line) => line !== "" && !line.startsWith("#")).map((line) => Buffer.from(line, "base64"));
  if (keys.length === 0) throw unusable(file, "holds no key");
  if (keys.some(({ length }) => length !== KEY_BYTES)) throw unusable(file, "holds a line that is no key");
  return keys.map(secretKey);
}

const unusable = (file: string, why: string, cause?: unknown) =>
  callsheetError("secret_key_unusable", `The key file ${file} ${why}.`, { file }, cause);
const codeOf = (error: unknown): string => String((error as NodeJS.ErrnoException | null)?.code ?? error);
