import { readFile, statfs } from "node:fs/promises";

/** File systems of the network, on which two machines could open one data directory. By the type in statfs(2). */
const NETWORK_TYPES: Readonly<Record<number, string>> = {
  26985: "NFS",
  20859: "SMB",
  4283649346: "CIFS",
  4266872130: "SMB",
  1397113167: "AFS",
  1799439955: "AFS",
  1937076805: "Coda",
  16914839: "9p",
  12805120: "Ceph",
  198183888: "Lustre",
  1196443219: "GPFS",
  428016422: "BeeGFS",
  1952539503: "OCFS2",
  18225520: "GFS2",
  2768370933: "VxFS",
};

const FUSE = 0x65735546;

/** FUSE file systems that reach over the network, by the type in the mount table. */
const NETWORK_FUSE =
  /^fuse\.(sshfs|s3fs|goofys|glusterfs|rclone|davfs|gcsfuse|juicefs|mfs|moosefs|ceph|cephfs|curlftpfs|blobfuse\d?|smbnetfs|nfs)/i;

export interface Mount {
  readonly directory: string;
  readonly type: string;
  readonly options: readonly string[];
}

/** The name of the network file system, or undefined for a local one. */
export function networkFileSystem(type: number, mountType: string | undefined): string | undefined {
  // Some builds report the type signed.
  const unsigned = type >>> 0;
  if (unsigned !== FUSE) return NETWORK_TYPES[unsigned];
  return mountType !== undefined && NETWORK_FUSE.test(mountType) ? mountType : undefined;
}

/** Reads /proc/self/mounts. */
export function parseMounts(text: string): readonly Mount[] {
  return text.split("\n").flatMap((line) => {
    const [, directory, type, options] = line.split(" ");
    if (!directory || !type) return [];
    return [{ directory: unescapeOctal(directory), type, options: (options ?? "").split(",") }];
  });
}

/** The mount that holds a path: the longest one, the last of equals. */
export function mountOf(mounts: readonly Mount[], path: string): Mount | undefined {
  let best: Mount | undefined;
  for (const mount of mounts) {
    const prefix = mount.directory.endsWith("/") ? mount.directory : `${mount.directory}/`;
    if (path !== mount.directory && !path.startsWith(prefix)) continue;
    if (!best || mount.directory.length >= best.directory.length) best = mount;
  }
  return best;
}

/** The network file system that holds an existing path. Only Linux tells; elsewhere undefined. */
export async function networkFileSystemOf(path: string): Promise<string | undefined> {
  if (process.platform !== "linux") return undefined;
  const { type } = await statfs(path);
  return networkFileSystem(type, (await mountHolding(path))?.type);
}

export async function isMountedNoexec(path: string): Promise<boolean> {
  return (await mountHolding(path))?.options.includes("noexec") ?? false;
}

async function mountHolding(path: string): Promise<Mount | undefined> {
  const text = await readFile("/proc/self/mounts", "utf8").catch(() => "");
  return mountOf(parseMounts(text), path);
}

function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}
