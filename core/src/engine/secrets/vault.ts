import { callsheetError, secretsIn, withSecrets } from "@callsheet/contract";
import { refusal } from "../../operations/secrets/asked.ts";
import { keyOf } from "../../operations/secrets/keyring.ts";
import { open } from "../../operations/secrets/seal.ts";
import { isPassing } from "../../store/failure.ts";
import type { SealedSecret } from "../../store/secrets.ts";
import type { Attempt } from "../attempt.ts";
import type { Part } from "../part.ts";
import { createRedactor, type Redactor } from "./redactor.ts";

/** A configuration with the values of the secrets that it refers to, and who hides them. */
export interface Unsealed {
  readonly configuration: unknown;
  readonly redactor: Redactor;
}

/** Gives attempts the secrets that their configurations refer to. */
export interface Vault {
  /** Undefined: it refers to none. Fails with `unknown_secret`, `secret_refused`, `secret_key_missing` and so on. */
  unseal(attempt: Attempt): Promise<Unsealed | undefined>;
}

const PAUSE_MS = 200;

export function createVault({
  store,
  safe,
  environment,
  log,
}: Pick<Part, "store" | "safe" | "environment" | "log">): Vault {
  /** Does not give up while the database is away. */
  const read = async (attempt: Attempt, names: readonly string[]): Promise<readonly SealedSecret[]> => {
    while (!attempt.isSuperseded) {
      try {
        return await store.sealedSecrets(names);
      } catch (error) {
        if (!isPassing(error)) throw error;
        log.error("secrets", error);
        await new Promise<void>((resolve) => void environment.timers.after(PAUSE_MS, resolve));
      }
    }
    throw callsheetError("stale_attempt", `Another attempt of job ${attempt.job.id} has taken over.`);
  };

  return {
    unseal: async (attempt) => {
      const { configuration } = attempt.claimed;
      const names = secretsIn(configuration);
      if (names.length === 0) return undefined;
      const secrets = await read(attempt, names);
      const refused = refusal(names, attempt.definition.name, secrets);
      if (refused) throw refused;
      const keys = await safe.keyring.all();
      const values = new Map(secrets.map((one) => [one.name, open(keyOf(keys, one), one.name, one.sealed)]));
      return { configuration: withSecrets(configuration, values), redactor: createRedactor(values.values()) };
    },
  };
}
