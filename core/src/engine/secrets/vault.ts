import { callsheetError, secretsIn, withSecrets } from "@callsheet/contract";
import { refusal } from "../../operations/secrets/asked.ts";
import { keyOf } from "../../operations/secrets/keyring.ts";
import { open } from "../../operations/secrets/seal.ts";
import type { SealedSecret } from "../../store/secrets.ts";
import type { Part } from "../part.ts";
import { whileAway } from "../while-away.ts";
import { createRedactor, type Redactor } from "./redactor.ts";

/** On whose behalf secrets are asked for. */
export interface Asking {
  readonly jobId: string;
  readonly attempt: number;
  /** The action that the job copied, by its name. */
  readonly action: string;
  /** As it is stored. */
  readonly configuration: unknown;
  /** Whether the answer is of use to nobody any more. */
  readonly isOver: () => boolean;
}

/** A configuration with the values of the secrets that it refers to, and who hides them; undefined: there are none. */
export interface Unsealed {
  readonly configuration: unknown;
  readonly redactor: Redactor | undefined;
}

/** Opens the secrets that configurations refer to. */
export interface Vault {
  /** Fails with `unknown_secret`, `secret_refused`, `secret_key_missing` and so on. Waits while the database is away. */
  unseal(asking: Asking): Promise<Unsealed>;
}

type VaultPart = Pick<Part, "store" | "safe" | "environment" | "log">;

/** `nodeId`: the life of the node that asks. */
export function createVault(part: VaultPart, nodeId: () => number): Vault {
  return {
    unseal: async (asking) => {
      const { configuration, action } = asking;
      const names = secretsIn(configuration);
      if (names.length === 0) return { configuration, redactor: undefined };
      const secrets = await read(part, { ...asking, nodeId: nodeId() }, names);
      const refused = refusal(names, action, secrets);
      if (refused) throw refused;
      const keys = await part.safe.keyring.all();
      const values = new Map(secrets.map((one) => [one.name, open(keyOf(keys, one), one.name, one.sealed)]));
      return { configuration: withSecrets(configuration, values), redactor: createRedactor(values.values()) };
    },
  };
}

function read(
  part: VaultPart,
  reader: Asking & { readonly nodeId: number },
  names: readonly string[],
): Promise<readonly SealedSecret[]> {
  return whileAway(part, "secrets", async () => {
    const { jobId } = reader;
    if (reader.isOver())
      throw callsheetError("stale_attempt", `Another attempt of job ${jobId} has taken over.`, { id: jobId });
    return part.store.sealedSecrets(names, reader);
  });
}
