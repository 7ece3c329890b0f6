import { execFileSync } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { onTestFinished } from "vitest";

export interface SmallDisk {
  readonly path: string;
  /** Makes it as large as this. */
  grow(mebibytes: number): void;
}

/** A file system of a few MiB at a new directory, gone with the test; undefined without the right to mount one. */
export async function aSmallDisk(path: string, mebibytes: number): Promise<SmallDisk | undefined> {
  await mkdir(path, { recursive: true });
  const mount = (options: string) =>
    execFileSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", path], { stdio: "ignore" });
  try {
    mount(`size=${mebibytes}m`);
  } catch {
    return undefined;
  }
  onTestFinished(() => void execFileSync("umount", [path]));
  return { path, grow: (larger) => mount(`remount,size=${larger}m`) };
}
