import { type Address, type Answer, askServer } from "./admin.ts";
import type { Observation } from "./decide.ts";
import { inspectCluster, readSecrets } from "./directory.ts";
import { type Home, ownerOf } from "./home.ts";
import { type PostmasterFile, readPostmasterFile } from "./postmaster-file.ts";
import { belonging, processesIn } from "./processes.ts";
import { socketPath } from "./socket.ts";

export interface Seen extends Observation {
  readonly address: Address | undefined;
  readonly version: string | undefined;
}

/** Looks at a home without changing anything. */
export async function observe(home: Home): Promise<Seen> {
  const cluster = await inspectCluster(home);
  if (cluster === "absent") {
    return {
      cluster,
      postmaster: "absent",
      belonging: "gone",
      answer: "silent",
      others: [],
      address: undefined,
      version: undefined,
    };
  }
  const postmaster = await readPostmasterFile(home.cluster);
  const address = typeof postmaster === "object" ? addressOf(postmaster) : undefined;
  const answer: Answer =
    address && (await isGenuine(address, home))
      ? await askServer(address, await readSecrets(home), home.cluster)
      : { kind: "silent" };
  const pid = typeof postmaster === "object" ? postmaster.pid : undefined;
  return {
    cluster: "present",
    postmaster,
    belonging: pid === undefined ? "gone" : belonging(pid, home.cluster),
    answer: answer.kind,
    // Processes matter only when nobody answers; looking through all of them is not free.
    others: answer.kind === "ours" ? [] : othersIn(home.cluster, pid),
    address,
    version: answer.kind === "ours" ? answer.version : undefined,
  };
}

/** Whoever made a socket in our server's place could ask for the password in clear. */
async function isGenuine(address: Address, home: Home): Promise<boolean> {
  if (!address.host.startsWith("/")) return true;
  const owner = await ownerOf(socketPath(address.host, address.port));
  return owner !== undefined && owner === (await ownerOf(home.cluster));
}

function othersIn(cluster: string, pid: number | undefined): readonly number[] | "hidden" {
  const found = processesIn(cluster);
  return found === "hidden" ? found : found.filter((other) => other !== pid);
}

/** Where a server listens, from its own file; undefined while it has not written that. */
export function addressOf(file: PostmasterFile): Address | undefined {
  if (file.port === 0) return undefined;
  if (file.socketDirectory) return { host: file.socketDirectory, port: file.port };
  return file.address ? { host: file.address === "*" ? "127.0.0.1" : file.address, port: file.port } : undefined;
}
