import { differingTimeZones, ERRORS } from "@callsheet/contract";
import { type DatabaseFacts, inspectDatabase, type StandingNode } from "@callsheet/core";
import { formatBytes, formatDuration } from "../amount.ts";
import { schemaText } from "../db/status.ts";
import { type Finding, ok, problem, problemOf, warning } from "./finding.ts";

/** A heartbeat comes every five seconds; a little longer is watched. */
const WATCH_MS = 7_000;

/** Findings about the database of a URL: how it is set, how far away it is, what is in it, which nodes are up. */
export async function examineDatabase(databaseUrl: string): Promise<readonly Finding[]> {
  try {
    return judgeDatabase(await inspectDatabase({ databaseUrl, watchMs: WATCH_MS }));
  } catch (error) {
    return [problemOf("Database", error)];
  }
}

export function judgeDatabase(facts: DatabaseFacts): readonly Finding[] {
  return [
    judgeServer(facts),
    judgeSafety(facts),
    judgeConnections(facts),
    ...judgePooler(facts),
    ...judgeNotifications(facts),
    ...facts.longTransactions.map((open) =>
      warning(
        "Long transaction",
        `process ${open.pid} of ${open.user} (${open.application || "unnamed"}), ${open.state}, for ${formatDuration(open.ms)}`,
        `It keeps finished rows from being cleaned up: end it, as by select pg_terminate_backend(${open.pid}).`,
      ),
    ),
    judgeClock(facts),
    judgeSchema(facts),
    ...judgeNodes(facts),
  ];
}

const OLDEST = 150_000;
const FAR_MS = 50;

function judgeServer(facts: DatabaseFacts): Finding {
  const { version, versionNumber, encoding, isStandby, roundTripMs, database } = facts;
  const about = "Database";
  const found = `PostgreSQL ${version}, database ${database}, ${encoding}, ${formatBytes(facts.bytes)}, ${formatDuration(roundTripMs)} away`;
  if (versionNumber < OLDEST) return problem(about, found, "Use PostgreSQL 15 or newer.");
  if (encoding !== "UTF8") return problem(about, found, "Use a database with encoding UTF8.");
  if (isStandby) return problem(about, `${found}, a standby`, "Connect to the primary: a standby takes no writes.");
  if (roundTripMs > FAR_MS) return warning(about, found, "Run nodes nearer to the database: each job asks it often.");
  return ok(about, found);
}

function judgeSafety({ fsync, fullPageWrites, synchronousCommit }: DatabaseFacts): Finding {
  const about = "Durability";
  const off = [...(fsync ? [] : ["fsync"]), ...(fullPageWrites ? [] : ["full_page_writes"])];
  if (off.length > 0) {
    return problem(
      about,
      `${off.join(" and ")} ${off.length > 1 ? "are" : "is"} off: a crash of the machine can destroy the database`,
      off
        .map((name) => `alter system set ${name} = on;`)
        .join(" ")
        .concat(" Then select pg_reload_conf();"),
    );
  }
  if (synchronousCommit !== "off") return ok(about, `fsync on, synchronous_commit ${synchronousCommit}`);
  return warning(
    about,
    "synchronous_commit is off: jobs accepted just before a crash can be lost",
    "alter system set synchronous_commit = on; then select pg_reload_conf();",
  );
}

function judgeConnections({ connections, maxConnections }: DatabaseFacts): Finding {
  const found = `${connections} of ${maxConnections} in use`;
  if (connections < maxConnections * 0.8) return ok("Connections", found);
  return warning("Connections", found, "Raise max_connections, or run fewer processes: each node uses about fifteen.");
}

function judgePooler({ hasPooler }: DatabaseFacts): readonly Finding[] {
  if (!hasPooler) return [];
  const next = "Connect to PostgreSQL directly, or through a pooler in session mode.";
  return [warning("Pooler", "a pooler stands between this machine and PostgreSQL", next)];
}

/** Those of who listens in the ordinary way are gone in a moment. */
const MUCH = 0.1;

function judgeNotifications({ notificationsFull }: DatabaseFacts): readonly Finding[] {
  if (notificationsFull < MUCH) return [];
  const found = `the server's queue of notifications is ${Math.floor(notificationsFull * 100)} % full`;
  const next =
    "A session that listens stays in a transaction: end it. Full, the queue refuses every commit that notifies.";
  return [warning("Notifications", found, next)];
}

const SKEW_MS = 2_000;

function judgeClock({ skewMs, roundTripMs }: DatabaseFacts): Finding {
  const by = Math.abs(skewMs);
  if (by <= SKEW_MS + roundTripMs) return ok("Clock", `within ${formatDuration(Math.max(by, 1))} of the database's`);
  const found = `${formatDuration(by)} ${skewMs > 0 ? "ahead of" : "behind"} the database's`;
  return warning(
    "Clock",
    found,
    "Jobs go by the database's time; set this machine's clock, as by chrony or timesyncd.",
  );
}

function judgeSchema({ schema, mayCreate, user, database }: DatabaseFacts): Finding {
  const found = schemaText(schema);
  switch (schema.state) {
    case "current":
      return ok("Schema", found);
    case "absent":
      if (mayCreate) return ok("Schema", found);
      return problem(
        "Schema",
        `none yet, and ${user} may not make one`,
        `grant create on database ${database} to ${user};`,
      );
    case "behind":
      return warning("Schema", found, "callsheet db migrate");
    case "newer":
      return problem("Schema", found, "Update Callsheet on this machine.");
    case "changed":
      return problem("Schema", found, "Run the Callsheet that made it, or restore a backup.");
  }
}

function judgeNodes({ nodes, schema }: DatabaseFacts): readonly Finding[] {
  if (schema.state !== "current") return [];
  if (nodes.length === 0) return [warning("Nodes", "none is up, so jobs wait", "callsheet start")];
  return [...nodes.map(judgeNode), ...judgeTimeZones(nodes)];
}

function judgeNode(node: StandingNode): Finding {
  const { name, site, slots, host, pid, timeZones, state, isAlive, heardAfterMs } = node;
  const facts = [name, `site ${site}`, `${slots} slots`, `process ${pid} on ${host}`];
  const more = [...(timeZones === null ? [] : [`tz data ${timeZones}`]), ...(state === "up" ? [] : [state])];
  const found = [...facts, ...more].join(", ");
  if (isAlive === false)
    return warning("Node", `${found}: its process has ended`, "callsheet start; it recovers what that one left.");
  if (heardAfterMs !== null) return ok("Node", `${found}, heard`);
  return warning("Node", `${found}: no heartbeat in ${formatDuration(WATCH_MS)}`, `Look at process ${pid} on ${host}.`);
}

function judgeTimeZones(nodes: readonly StandingNode[]): readonly Finding[] {
  const versions = differingTimeZones(nodes);
  if (versions === undefined) return [];
  const found = `nodes have different data: ${versions}; rules by local time may come to other instants on each`;
  return [warning("Time zones", found, ERRORS.time_zones_differ.next)];
}
