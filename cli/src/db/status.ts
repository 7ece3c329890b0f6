import { type DatabaseFacts, inspectDatabase } from "@callsheet/core";
import { type ServerStatus, serverStatus } from "@callsheet/postgres";
import { formatBytes } from "../amount.ts";
import { addressIn, type DatabaseChoice, describeDatabase } from "../database-option.ts";
import { type Fact, factsText } from "../facts.ts";
import { printOne } from "../output.ts";
import type { Terminal } from "../terminal.ts";
import { databaseOf } from "./private-server.ts";
import { readUsers, type ServerUser } from "./users.ts";

/** What `db status` tells of a database. */
export interface DatabaseStatus {
  readonly database: string;
  readonly state: ServerStatus["state"];
  readonly version: string | null;
  /** Of a private server; null for a database of somebody's, as all that only the private server has. */
  readonly pid: number | null;
  readonly dataDir: string | null;
  /** The directory of its socket, or the address of its port. */
  readonly address: string | null;
  readonly logFile: string | null;
  readonly staysRunning: boolean | null;
  readonly users: readonly ServerUser[];
  /** The process that is starting or stopping it just now. */
  readonly openerPid: number | null;
  readonly sizeBytes: number | null;
  readonly schema: DatabaseFacts["schema"] | null;
  readonly nodes: readonly string[];
}

/** Shows how a database stands; starts and changes nothing. */
export async function showStatus(terminal: Terminal): Promise<void> {
  const status = await readStatus(databaseOf(terminal));
  printOne(terminal, status, () => statusText(status));
}

export async function readStatus(choice: DatabaseChoice): Promise<DatabaseStatus> {
  const database = describeDatabase(choice);
  if ("databaseUrl" in choice) return { database, ...NOTHING, ...factsFrom(await inspectDatabase(choice)) };
  const server = await serverStatus(choice.dataDir);
  const facts = server.url === undefined ? {} : factsFrom(await inspectDatabase({ databaseUrl: server.url }));
  return {
    database,
    ...NOTHING,
    state: server.state,
    pid: server.pid ?? null,
    dataDir: server.dataDir,
    address: server.url === undefined ? null : addressIn(server.url),
    logFile: server.logFile || null,
    staysRunning: server.staysRunning,
    users: await readUsers(server.userPids),
    openerPid: server.openerPid ?? null,
    ...facts,
  };
}

const NOTHING = {
  ...{ state: "absent", version: null, pid: null, dataDir: null, address: null, logFile: null, staysRunning: null },
  ...{ users: [], openerPid: null, sizeBytes: null, schema: null, nodes: [] },
} as const;

function factsFrom({ version, bytes, schema, nodes }: DatabaseFacts) {
  return { state: "running", version, sizeBytes: bytes, schema, nodes: nodes.map(({ name }) => name) } as const;
}

export function statusText(status: DatabaseStatus): string {
  const { pid, version, users, schema, sizeBytes, staysRunning, state } = status;
  const facts: readonly (Fact | false)[] = [
    ["Database", status.database],
    ["State", `${STATES[state]}${pid === null ? "" : `, process ${pid}`}${staysRunning ? ", stays when unused" : ""}`],
    version !== null && ["PostgreSQL", version],
    status.address !== null && ["Address", status.address],
    status.logFile !== null && ["Log", status.logFile],
    sizeBytes !== null && ["Size", formatBytes(sizeBytes)],
    schema !== null && ["Schema", schemaText(schema)],
    ...users.map(({ pid: user, command }): Fact => ["Used by", `process ${user}: ${command}`]),
    status.openerPid !== null && ["Opened by", `process ${status.openerPid}, just now`],
    status.nodes.length > 0 && ["Nodes up", status.nodes.join(", ")],
  ];
  return factsText(facts.filter((fact) => fact !== false));
}

const STATES = {
  absent: "not made yet",
  stopped: "stopped",
  starting_or_stopping: "starting or stopping",
  running: "running",
  unclear: "unclear: a process holds it that does not answer",
} as const satisfies Record<ServerStatus["state"], string>;

/** How a schema stands, in words. */
export function schemaText({ state, version, pending }: DatabaseFacts["schema"]): string {
  switch (state) {
    case "absent":
      return "none yet: callsheet db migrate makes it";
    case "current":
      return `up to date (${version})`;
    case "behind":
      return `${version}; ${pending.length} pending: ${pending.join(", ")}`;
    case "newer":
      return `${version}, made by a newer Callsheet than this`;
    case "changed":
      return `${version}; an applied migration has another text here`;
  }
}
