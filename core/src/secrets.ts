import type { Authority, Secret, SecretInput, SecretRotation, SecretUse } from "@callsheet/contract";
import type { Engine } from "./engine/engine.ts";
import { putSecret, removeSecret, rotateSecrets, secretHistory } from "./operations/secrets/secrets.ts";

/**
 * What jobs refer to by `secret://name` in their configurations. An attempt gets the value, and nobody else: it is stored sealed,
 * never listed, and hidden in all that the attempt says.
 */
export class Secrets {
  readonly #engine: Engine;
  readonly #authority: Authority;

  constructor(engine: Engine, authority: Authority) {
    this.#engine = engine;
    this.#authority = authority;
  }

  /** Every secret by name, without its value. */
  list(): Promise<readonly Secret[]> {
    return this.#engine.store.listSecrets();
  }

  /**
   * Who gave a secret a value, sealed it anew or removed it, and which attempts asked for it, the last first. `limit`: default 100,
   * at most 10,000. Fails with `unknown_secret` when nothing was ever done with one of that name.
   */
  history(name: string, options: { readonly limit?: number } = {}): Promise<readonly SecretUse[]> {
    return secretHistory(this.#engine.desk, name, options);
  }

  /**
   * Creates a secret, or gives it another value, which attempts get that begin afterwards. Who may use it stays as it was unless
   * `actions` says otherwise. Fails with `secret_key_missing` or `secret_key_unusable`.
   */
  put(name: string, secret: SecretInput): Promise<Secret> {
    return putSecret(this.#engine.desk, this.#engine.safe, name, secret, this.#authority);
  }

  /** Forgets a secret. Jobs that refer to it fail when they are started. Fails with `unknown_secret`. */
  remove(name: string): Promise<void> {
    return removeSecret(this.#engine.desk, name, this.#authority);
  }

  /** Seals every secret with the newest key; those before it are needed no more. Fails with `secret_key_missing`. */
  rotate(): Promise<SecretRotation> {
    return rotateSecrets(this.#engine.desk, this.#engine.safe, this.#authority);
  }
}
