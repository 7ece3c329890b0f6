import { databaseOf } from "../db/private-server.ts";
import { openClient } from "../open-client.ts";
import { printOne } from "../output.ts";
import { printable } from "../printable.ts";
import type { Terminal } from "../terminal.ts";

/** `secrets rotate` */
export async function rotateSecrets(terminal: Terminal): Promise<void> {
  await using client = await openClient(terminal);
  const rotation = await client.secrets.rotate();
  printOne(
    terminal,
    rotation,
    () => `All secrets are sealed with key ${rotation.keyId}; ${rotation.secretCount} were not.\n`,
  );
}

/** `secrets init-key` */
export async function initKey(terminal: Terminal, { add = false }: { readonly add?: boolean }): Promise<void> {
  const { addSecretKey, initSecretKeys } = await import("@callsheet/core");
  const { secretKeyFile } = terminal.flags;
  const made = await (add ? addSecretKey : initSecretKeys)({ secretKeyFile, ...databaseOf(terminal) });
  printOne(terminal, made, () => `${printable(made.file)}\nKey ${made.keyId}\n`);
  terminal.note("Keep a copy of this file apart from the database: without its keys no secret can be read.");
  terminal.note(
    add ? "Bring it to every node, then: callsheet secrets rotate." : "Nodes that run take it when they start anew.",
  );
}
