import { execFileSync } from "node:child_process";
import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { FailureCode } from "../../src/index.ts";
import { hostileBinaries, type Whole } from "./binaries.ts";
import { hostileTexts } from "./texts.ts";

/** A file by its content, and how a job about it may end. */
export interface HostileFile {
  readonly name: string;
  readonly content: Buffer | string;
  readonly ends: readonly (FailureCode | "completed")[];
}

/** A path that a job is given, and how the job may end. */
export interface HostilePath {
  readonly path: string;
  readonly ends: readonly (FailureCode | "completed")[];
}

export interface Corpus {
  /** Where all of it stands. */
  readonly root: string;
  /** A file outside, whose words must be seen nowhere. */
  readonly secret: string;
  /** An address that must never be asked. */
  readonly url: string;
}

/** Names that mean something to ffmpeg, to a shell or to a terminal; each is given to a film that is whole. */
const NAMES = [
  ...["-i", "-filter_complex", "-y.mp4", "%d.mp4", "img%03d.mp4", "*.mp4", "[a-z]?.mp4", "@list", "~"],
  ...["concat:a|b.mp4", "file:a.mp4", "http:127.0.0.1", "pipe:0", "data:a", "subfile,,start,0,end,9,,:a", "a|b;c&d"],
  ...[
    "$(touch made)`touch made`",
    "a'b\"c",
    "two\nlines.mp4",
    "\u202egp4.exe",
    "\u001b[2J.mp4",
    "a\\..\\b",
    "映画 🎬.mp4",
  ],
  ...[" ", "a.mp4 ", "...", `${"x".repeat(251)}.mp4`],
];

/** Makes the corpus below its root with the films that ffmpeg has made, and answers each path with how a job about it may end. */
export async function makeCorpus({ root, secret, url }: Corpus, whole: Whole): Promise<readonly HostilePath[]> {
  const files = [...hostileTexts(secret, url), ...hostileBinaries(whole, secret, url)];
  const named = NAMES.map(
    (name): HostileFile => ({ name: join("names", name), content: whole.mp4, ends: ["completed"] }),
  );
  for (const { name, content } of [...files, ...named]) {
    const path = join(root, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content, "latin1");
  }
  const paths = [...files, ...named].map(({ name, ends }) => ({ path: join(root, name), ends }));
  return [...paths, ...(await makeOthers(root, secret))];
}

/** What is no regular file below the root. */
async function makeOthers(root: string, secret: string): Promise<readonly HostilePath[]> {
  const at = (name: string) => join(root, name);
  execFileSync("mkfifo", [at("pipe.mp4")]);
  await mkdir(at("directory.mp4"));
  await symlink("/dev/zero", at("device.mp4"));
  await symlink(secret, at("link.mp4"));
  await symlink(dirname(secret), at("linked-directory"));
  await symlink(at("circle.mp4"), at("circle.mp4"));
  return [
    { path: at("pipe.mp4"), ends: ["not_a_file"] },
    { path: at("directory.mp4"), ends: ["not_a_file"] },
    { path: at("device.mp4"), ends: ["outside_roots"] },
    { path: at("link.mp4"), ends: ["outside_roots"] },
    { path: at("linked-directory/secret"), ends: ["outside_roots"] },
    { path: at("circle.mp4"), ends: ["file_unreadable"] },
    { path: at("missing.mp4"), ends: ["file_not_found"] },
    { path: `${root}/../secret`, ends: ["outside_roots"] },
    { path: secret, ends: ["outside_roots"] },
    { path: "/proc/self/environ", ends: ["outside_roots"] },
    { path: `${root}/${"x".repeat(300)}`, ends: ["path_invalid"] },
    { path: "relative.mp4", ends: ["path_invalid"] },
    { path: `file:${secret}`, ends: ["path_invalid"] },
    { path: "concat:/etc/passwd|/etc/group", ends: ["path_invalid"] },
    { path: "http://127.0.0.1/a.mp4", ends: ["path_invalid"] },
  ];
}

/** Films of a fifth of a second, made below a directory by an ffmpeg. */
export async function makeWhole(ffmpeg: string, directory: string): Promise<Whole> {
  const source = ["-f", "lavfi", "-i", "testsrc2=s=64x48:r=25:d=0.2", "-f", "lavfi", "-i", "sine=d=0.2"];
  const make = async (name: string, options: readonly string[]) => {
    const path = join(directory, name);
    execFileSync(ffmpeg, ["-nostdin", "-loglevel", "error", "-y", ...source, ...options, path]);
    return readFile(path);
  };
  return {
    mp4: await make("whole.mp4", ["-c:v", "mpeg4", "-c:a", "aac"]),
    mov: await make("whole.mov", ["-map", "1", "-c:a", "pcm_s16le"]),
    avi: await make("whole.avi", ["-c:v", "mpeg4", "-c:a", "pcm_s16le"]),
    webm: await make("whole.webm", ["-c:v", "libvpx", "-c:a", "libopus"]),
    flac: await make("whole.flac", ["-map", "1"]),
  };
}
