import { execFileSync } from "node:child_process";
import { chmod, mkdir, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { FAILURES, fileChecksum, mediaActions, mediaProbe } from "../src/index.ts";
import { ownDirectory, SAMPLES, sample } from "./samples.ts";
import { resultOf, testContext } from "./test-context.ts";

const own = await ownDirectory();
const root = join(own, "root");
const secret = join(own, "secret");
await mkdir(root);
await writeFile(secret, "not for this node");

const run = (path: string, roots: readonly string[] = [root]) =>
  resultOf(mediaActions({ roots }).fileChecksum, testContext({ path, algorithms: ["md5"] }));
const probe = (path: string) => resultOf(mediaActions({ roots: [root] }).mediaProbe, testContext({ path }));
const refused = (code: string) => expect.objectContaining({ code });
const NOBODY = 65_534;

/** Root may read everything: there another user asks, who may pass through the directories. */
async function asOrdinaryUser(act: () => Promise<unknown>): Promise<void> {
  if (process.geteuid?.() !== 0) return void (await act());
  for (const directory of [own, root]) await chmod(directory, 0o711);
  process.seteuid?.(NOBODY);
  try {
    await act();
  } finally {
    process.seteuid?.(0);
  }
}

describe("a file that cannot be read", () => {
  it("is not found when it is not there, or a file stands where a directory should", async () => {
    await writeFile(join(root, "plain"), "x");
    await expect(run(join(root, "missing"))).rejects.toThrow(refused("file_not_found"));
    await expect(run(join(root, "plain/below"))).rejects.toThrow(refused("file_not_found"));
  });

  it("is not a file when it is a directory, a device or a socket", async () => {
    const socket = join(root, "socket");
    const server = createServer().listen(socket);
    await new Promise((resolve) => server.once("listening", resolve));
    for (const path of [root, socket]) await expect(run(path)).rejects.toThrow(refused("not_a_file"));
    await expect(run("/dev/zero", ["/dev"])).rejects.toThrow(refused("not_a_file"));
    server.close();
  });

  it("is not a file when it is a pipe, which nobody waits for", async () => {
    const pipe = join(root, "pipe.mp4");
    execFileSync("mkfifo", [pipe]);
    await expect(run(pipe)).rejects.toThrow(refused("not_a_file"));
    await expect(probe(pipe)).rejects.toThrow(refused("not_a_file"));
  });

  it("is unreadable without permission", async () => {
    const path = join(root, "closed");
    await writeFile(path, "x");
    await chmod(path, 0o000);
    await asOrdinaryUser(() => expect(run(path)).rejects.toThrow(refused("file_unreadable")));
  });

  it("fails to be read when the system says so", async ({ skip }) => {
    skip(process.platform !== "linux", "no /proc/self/mem");
    await expect(run("/proc/self/mem", ["/proc"])).rejects.toThrow(
      expect.objectContaining({ code: "read_failed", message: expect.stringContaining("EIO") }),
    );
  });

  it("is unreadable when its links lead in a circle", async () => {
    await symlink(join(root, "circle"), join(root, "circle"));
    await expect(run(join(root, "circle"))).rejects.toThrow(refused("file_unreadable"));
  });

  it("is an invalid path when it is relative, too long or has a NUL", async () => {
    for (const path of ["plain", `${root}/${"x".repeat(300)}`, `${root}/a\0b`]) {
      await expect(run(path)).rejects.toThrow(refused("path_invalid"));
    }
  });

  it("is no path at all when neither the configuration nor its target names one", async () => {
    const type = mediaActions({ roots: [root] }).mediaProbe;
    await expect(resultOf(type, testContext({}))).rejects.toThrow(refused("no_path"));
    const target = { type: "reel", id: join(root, "plain") };
    await expect(resultOf(type, testContext({}, { target }))).rejects.toThrow(refused("no_path"));
  });
});

describe("outside of the roots nothing is read", () => {
  it("whether the file is there or not", async () => {
    for (const path of [secret, join(own, "nothing"), "/etc/passwd"]) {
      await expect(run(path)).rejects.toThrow(refused("outside_roots"));
    }
  });

  it("by way of .. either", async () => {
    await expect(run(`${root}/../secret`)).rejects.toThrow(refused("outside_roots"));
    await expect(run(`${root}/../nothing`)).rejects.toThrow(refused("outside_roots"));
  });

  it("by way of a link to a file or through a directory either", async () => {
    await symlink(secret, join(root, "innocent.mp4"));
    await symlink(own, join(root, "directory"));
    await expect(run(join(root, "innocent.mp4"))).rejects.toThrow(refused("outside_roots"));
    await expect(run(join(root, "directory/secret"))).rejects.toThrow(refused("outside_roots"));
  });

  it("also where a directory's name begins with the name of a root", async () => {
    await mkdir(`${root}-and-more`);
    await writeFile(`${root}-and-more/file`, "x");
    await expect(run(`${root}-and-more/file`)).rejects.toThrow(refused("outside_roots"));
  });

  it("and without roots nothing at all", async () => {
    const type = mediaActions().mediaProbe;
    await expect(resultOf(type, testContext({ path: sample("dog.mp4") }))).rejects.toThrow(refused("outside_roots"));
  });

  it("but a root may be a link itself, and a link may stay inside", async () => {
    await symlink(root, join(own, "other-name"));
    await writeFile(join(root, "inside"), "abc");
    await symlink(join(root, "inside"), join(root, "also-inside"));
    const result = await run(join(own, "other-name/also-inside"), [join(own, "other-name")]);
    expect(result.checksums.md5).toBe("900150983cd24fb0d6963f7d28e17f72");
  });
});

describe("roots of the environment", () => {
  const before = process.env.CALLSHEET_MEDIA_ROOTS;
  afterEach(() => {
    if (before === undefined) delete process.env.CALLSHEET_MEDIA_ROOTS;
    else process.env.CALLSHEET_MEDIA_ROOTS = before;
  });
  const probeSample = () => resultOf(mediaProbe, testContext({ path: sample("speech.wav") }));

  it("open what they name, several with a colon between them", async () => {
    process.env.CALLSHEET_MEDIA_ROOTS = `${root}:${SAMPLES}`;
    expect(await probeSample()).toMatchObject({ container: "wav" });
    const checksum = await resultOf(fileChecksum, testContext({ path: sample("speech.wav"), algorithms: ["crc32"] }));
    expect(checksum.bytes).toBe(477_158);
  });

  it("open nothing when they are missing, empty or relative", async () => {
    delete process.env.CALLSHEET_MEDIA_ROOTS;
    await expect(probeSample()).rejects.toThrow(refused("outside_roots"));
    for (const value of ["", ".", "samples"]) {
      process.env.CALLSHEET_MEDIA_ROOTS = value;
      await expect(probeSample()).rejects.toThrow(refused("outside_roots"));
    }
  });
});

describe("names", () => {
  it.each(["two\nlines", "\u001b[31mred", "Ünïcödé 映画 🎬", "a'b\"c`$(d)", "-rf", " "])(
    "%j are read",
    async (name) => {
      const path = join(root, "names", name);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, "abc");
      expect(await run(path)).toMatchObject({ path, checksums: { md5: "900150983cd24fb0d6963f7d28e17f72" } });
    },
  );

  it("stand in messages so that they cannot break a line or steer a terminal", async () => {
    const path = `${root}/a\u001b[2J\u009b\nb\u202ec`;
    const message = await run(path).catch((error: Error) => error.message);
    expect(message).toContain("a\\u001b[2J\\u009b\\nb\\u202ec");
    expect(message).not.toMatch(/\p{Cc}|\p{Cf}/u);
  });
});

it("every failure says one sentence under a code of the list", async () => {
  const paths = [join(root, "missing"), root, secret, "relative", sample("NOTICE")];
  const type = mediaActions({ roots: [root, SAMPLES] }).mediaProbe;
  for (const path of paths) {
    const error = await resultOf(type, testContext({ path })).catch((failed) => failed);
    expect(FAILURES).toContain(error.code);
    expect(error.message).toMatch(/^[^\n]+[^.]\.$/);
  }
});
