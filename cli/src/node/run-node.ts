import { hostname } from "node:os";
import { mediaCapabilities } from "@callsheet/actions";
import { Callsheet, holdSecretKeys, type Node } from "@callsheet/core";
import { serverStatus } from "@callsheet/postgres";
import { type DatabaseChoice, describeDatabase } from "../database-option.ts";
import { databaseOf } from "../db/private-server.ts";
import { EXIT } from "../exit-code.ts";
import { type Fact, factsText } from "../facts.ts";
import { failure } from "../failure.ts";
import { printable } from "../printable.ts";
import type { Terminal } from "../terminal.ts";
import { unitsText } from "../units-text.ts";
import { becomeUser } from "./become-user.ts";
import { chooseTypes } from "./choose-what-to-run.ts";
import { describeCapabilities } from "./describe-capabilities.ts";
import { endLinesOn } from "./end-lines.ts";
import { namedRootsIn, rootsIn, settleRoots } from "./media-roots.ts";
import type { NodeFlags } from "./node-flags.ts";
import { waitForStop } from "./wait-for-stop.ts";

/** Runs a node in the foreground; a private server that does not run is started. */
export async function startNode(terminal: Terminal, flags: NodeFlags): Promise<void> {
  await runNode(terminal, flags, databaseOf(terminal));
}

/** Runs a node on a database that is there already. */
export async function joinAsNode(terminal: Terminal, flags: NodeFlags): Promise<void> {
  const choice = databaseOf(terminal);
  await requireRunning(choice);
  await runNode(terminal, flags, choice);
}

async function requireRunning(choice: DatabaseChoice): Promise<void> {
  if ("databaseUrl" in choice) return;
  const { state, dataDir } = await serverStatus(choice.dataDir);
  if (state === "running") return;
  throw failure(
    "server_not_running",
    `There is no database to join: no private server runs in ${dataDir}, and DATABASE_URL is not set.`,
    "Start it with callsheet start or callsheet db start, or set DATABASE_URL.",
    EXIT.conflict,
  );
}

async function runNode(terminal: Terminal, flags: NodeFlags, database: DatabaseChoice): Promise<void> {
  const { secretKeyFile } = terminal.flags;
  // Read while this process may still read them: afterwards they are closed to it as to what it starts.
  const secretKeys = flags.user === undefined ? undefined : await holdSecretKeys({ secretKeyFile });
  if (flags.user !== undefined) await becomeUser(flags.user, database, terminal.variables);
  await settleRoots(flags, terminal.variables);
  const types = await chooseTypes(flags);
  const capabilities = await mediaCapabilities();
  const { name = hostname(), site, slots, label, resources, grace = Number.POSITIVE_INFINITY } = flags;
  const onError = (where: string, error: unknown) => terminal.stderr.write(troubleLine(where, error));
  const keys = { ...(secretKeyFile && { secretKeyFile }), ...(secretKeys && { secretKeys }) };
  const cs = await Callsheet.open({ ...database, ...keys, worksSoon: true, onError });
  try {
    const lines = endLinesOn(terminal, (ids) => cs.jobs.getMany(ids));
    const optional = {
      ...(site && { site }),
      ...(label && { labels: label }),
      ...(slots && { slots }),
      ...(resources && { resources }),
    };
    const node = await cs.work({ name, types, capabilities, ...optional, onStored: lines.tell });
    announce(terminal, database, { node, capabilities, types: types.map(({ type }) => type), resources });
    await waitForStop(terminal, cs, { node, graceMs: grace });
    await lines.flush();
  } finally {
    await cs.close();
  }
}

interface Announced {
  readonly node: Node;
  readonly types: readonly string[];
  readonly capabilities: readonly string[];
  readonly resources: NodeFlags["resources"];
}

function announce(terminal: Terminal, database: DatabaseChoice, announced: Announced): void {
  const { node, types, capabilities, resources } = announced;
  const facts: readonly Fact[] = [
    ["Node", `${node.name}, process ${process.pid}`],
    ["Database", describeDatabase(database)],
    ["Runs", types.join(", ")],
    ["Has", describeCapabilities(capabilities)],
    ...(resources === undefined ? [] : [["Brings", unitsText(resources)] as const]),
    ["Reads", namedRootsIn(terminal.variables).join(", ") || "nothing"],
    ["Writes", rootsIn(terminal.variables, "output").join(", ") || "nothing"],
  ];
  terminal.note(`${factsText(facts)}Takes jobs. Ctrl-C lets those that run end, and stops.`);
}

function troubleLine(where: string, error: unknown): string {
  return printable(`callsheet ${where}: ${error instanceof Error ? error.message : String(error)}`).concat("\n");
}
