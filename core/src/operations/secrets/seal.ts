import { createCipheriv, createDecipheriv, createHash } from "node:crypto";
import { callsheetError } from "@callsheet/contract";
import type { Sealed } from "../../store/secrets.ts";

/** A key that values are sealed with. */
export interface SecretKey {
  /** Follows from the key, and does not tell it. */
  readonly id: string;
  readonly key: Uint8Array;
}

export const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** A key with its id. */
export function secretKey(key: Uint8Array): SecretKey {
  return { id: createHash("sha256").update("callsheet secret key\n").update(key).digest("hex").slice(0, 12), key };
}

/** Seals the value of a secret by AES-256-GCM. It is opened under this name only. */
export function seal(
  { id, key }: SecretKey,
  secret: { readonly name: string; readonly value: string },
  nonce: Uint8Array,
): Sealed {
  const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(boundTo(secret.name));
  const encrypted = Buffer.concat([cipher.update(secret.value, "utf8"), cipher.final()]);
  return { keyId: id, sealed: Buffer.concat([nonce, cipher.getAuthTag(), encrypted]) };
}

/** A nonce for one sealing. */
export function newNonce(randomBytes: (count: number) => Uint8Array): Uint8Array {
  return randomBytes(NONCE_BYTES);
}

/** Opens what was sealed under this name; fails with `secret_damaged` when it was changed since. */
export function open({ key }: SecretKey, name: string, sealed: Uint8Array): string {
  const tagAt = NONCE_BYTES;
  const valueAt = tagAt + TAG_BYTES;
  try {
    const decipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(0, tagAt), { authTagLength: TAG_BYTES });
    decipher.setAAD(boundTo(name)).setAuthTag(sealed.subarray(tagAt, valueAt));
    return Buffer.concat([decipher.update(sealed.subarray(valueAt)), decipher.final()]).toString("utf8");
  } catch (error) {
    throw callsheetError(
      "secret_damaged",
      `What is stored of the secret "${name}" cannot be opened.`,
      { secret: name },
      error,
    );
  }
}

const boundTo = (name: string) => Buffer.from(`callsheet/secret/1/${name}`, "utf8");
