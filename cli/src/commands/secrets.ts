import type { Command } from "commander";
import { addExamples } from "../examples.ts";
import { countOption, namesOption } from "../option.ts";
import type { Terminal } from "../terminal.ts";

/** `secrets`: what jobs refer to by name, and nobody reads back. */
export function addSecretsCommand(program: Command, terminal: Terminal): void {
  const secrets = program.command("secrets").description("passwords and tokens that jobs refer to by secret://NAME");
  addExamples(secrets, [
    ["secrets init-key", "once: the key that all are sealed with"],
    ["secrets put ftp --file password.txt", "a value from a file"],
    ["jobs create deliver -c password=secret://ftp", "a job that gets it"],
  ]);
  addExamples(
    secrets
      .command("list")
      .description("every secret by name, without its value")
      .action(async () => (await import("../secrets/list.ts")).listSecrets(terminal)),
    [["secrets list --json", "for a script"]],
  );
  addExamples(
    secrets
      .command("history <name>")
      .description("who gave a secret a value, sealed or removed it, and which attempts asked for it; the last first")
      .option("--limit <count>", "so many at most (default: 100)", countOption)
      .action(async (name, flags) => (await import("../secrets/list.ts")).listSecretUses(terminal, name, flags)),
    [["secrets history ftp --json", "for an audit"]],
  );
  addExamples(
    secrets
      .command("put <name>")
      .description("create a secret, or give it another value; read from standard input, one line end left out")
      .option("-f, --file <file>", "read the value from this file (default: standard input)", "-")
      .option("--actions <names>", "only jobs of these actions may use it, between commas", namesOption)
      .option("--any-action", "jobs of every action may use it")
      .action(async (name, flags) => (await import("../secrets/change.ts")).putSecret(terminal, name, flags)),
    [
      ["secrets put ftp --file password.txt --actions deliver", "only for deliveries"],
      ["secrets put ftp < password.txt", "another value; who may use it stays"],
    ],
  );
  addExamples(
    secrets
      .command("remove <names...>")
      .description("forget secrets; jobs that refer to them fail when they are started")
      .action(async (names) => (await import("../secrets/change.ts")).removeSecrets(terminal, names)),
    [["secrets remove ftp", "asks first"]],
  );
  addExamples(
    secrets
      .command("rotate")
      .description("seal every secret with the newest key; those before it are needed no more")
      .action(async () => (await import("../secrets/keys.ts")).rotateSecrets(terminal)),
    [["secrets rotate", "after secrets init-key --add, and once every node has the file"]],
  );
  addExamples(
    secrets
      .command("init-key")
      .description("make the file of keys, readable by its owner only, with a first key")
      .option("--add", "add a key to a file that is there; it seals from then on")
      .action(async (flags) => (await import("../secrets/keys.ts")).initKey(terminal, flags)),
    [["secrets init-key --secret-key-file /etc/callsheet/keys", "for a cluster: bring the file to every node"]],
  );
}
