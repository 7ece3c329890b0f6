import {
  type Binaries,
  type DirectoryFacts,
  findBinaries,
  inspectDataDir,
  type ServerStatus,
  serverStatus,
} from "@callsheet/postgres";
import { formatBytes } from "../amount.ts";
import { type Finding, ok, problem, problemOf, warning } from "./finding.ts";

/** Findings about the private server of a directory, and its URL when it runs. It is not started. */
export async function examinePrivateServer(
  dataDir: string,
  env: NodeJS.ProcessEnv,
): Promise<{ readonly findings: readonly Finding[]; readonly url: string | undefined }> {
  const directory = await inspectDataDir(dataDir).catch((error: unknown) => problemOf("Data directory", error));
  if ("about" in directory) return { findings: [directory], url: undefined };
  const { major } = directory;
  const binaries = await findBinaries({ env, major }).then(judgeBinaries, (error) => problemOf("PostgreSQL", error));
  const status = await serverStatus(dataDir).catch((error: unknown) => problemOf("Private server", error));
  const server = "about" in status ? status : judgeServer(status);
  const url = "about" in status ? undefined : status.url;
  return { findings: [binaries, judgeDirectory(directory), server], url };
}

const ORIGINS = {
  given: "named by CALLSHEET_POSTGRES_BIN",
  package: "of the npm package",
  installed: "installed on this system",
} as const satisfies Record<Binaries["origin"], string>;

function judgeBinaries({ version, origin, bin }: Binaries): Finding {
  return ok("PostgreSQL", `${version}, ${ORIGINS[origin]}, in ${bin}`);
}

const FULL_BYTES = 200e6;
const LOW_BYTES = 2e9;

export function judgeDirectory(facts: DirectoryFacts): Finding {
  const about = "Data directory";
  const { dataDir, freeBytes, exists } = facts;
  const elsewhere = "Choose another one with --data-dir.";
  if (!facts.isOwn)
    return problem(about, `${dataDir} belongs to ${facts.owner}`, `Run as ${facts.owner}. ${elsewhere}`);
  if (facts.network !== undefined)
    return problem(about, `${dataDir} lies on ${facts.network}, where a database can be damaged`, elsewhere);
  if (facts.holds === "foreign") return problem(about, `${dataDir} holds what Callsheet did not make`, elsewhere);
  const found = `${dataDir}${exists ? "" : " (not made yet)"}, ${formatBytes(freeBytes)} free`;
  if (freeBytes < FULL_BYTES) return problem(about, found, "Free space on this disk.");
  return freeBytes < LOW_BYTES ? warning(about, found, "Free space on this disk soon.") : ok(about, found);
}

export function judgeServer({ state, pid, userPids, openerPid, logFile, dataDir }: ServerStatus): Finding {
  const about = "Private server";
  switch (state) {
    case "absent":
      return ok(about, "not made yet; the first command that needs it makes it");
    case "stopped":
      return ok(about, "stopped; a command that needs it starts it");
    case "running":
      return ok(about, `runs as process ${pid}, used by ${userPids.length === 0 ? "nobody" : userPids.join(", ")}`);
    case "starting_or_stopping":
      return warning(
        about,
        `is starting or stopping${openerPid === undefined ? "" : ` by process ${openerPid}`}`,
        `Wait; ${logFile} says what it does.`,
      );
    case "unclear":
      return problem(about, `a process holds ${dataDir} that does not answer`, `See ${logFile}, and end that process.`);
  }
}
