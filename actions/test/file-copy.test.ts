import { createHash, randomBytes } from "node:crypto";
import { closeSync, existsSync, openSync, writeSync } from "node:fs";
import { appendFile, chmod, link, mkdir, open, readdir, readFile, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Json } from "@callsheet/contract";
import { describe, expect, it } from "vitest";
import { copyConfiguration, fileCopy, mediaActions } from "../src/index.ts";
import { ownDirectory, sample } from "./samples.ts";
import { aSmallDisk, type SmallDisk } from "./small-disk.ts";
import { resultOf, testContext } from "./test-context.ts";

const own = await ownDirectory();
const type = mediaActions({ roots: [own], outputRoots: [own] }).fileCopy;
const MIB = 1024 * 1024;
const sha256 = (content: Uint8Array) => createHash("sha256").update(content).digest("hex");
const refused = (code: string) => expect.objectContaining({ code });

let made = 0;
/** A source of so many bytes, and where its copy goes, in a directory of their own. */
async function anErrand(bytes: number) {
  made += 1;
  const folder = join(own, `errand-${made}`);
  await mkdir(join(folder, "to"), { recursive: true });
  const path = join(folder, "source");
  const content = randomBytes(bytes);
  await writeFile(path, content);
  const output = join(folder, "to", "copy");
  return { folder, path, content, output, names: () => readdir(join(folder, "to")) };
}
type Errand = Awaited<ReturnType<typeof anErrand>>;

function copy(
  errand: Pick<Errand, "path" | "output" | "folder">,
  given: Parameters<typeof testContext>[1] = {},
  verify = "checksum",
) {
  const configuration = copyConfiguration.parse({ path: errand.path, output: errand.output, verify });
  const context = testContext(configuration, { workspace: errand.folder, ...given });
  return { context, done: resultOf(type, context) };
}

describe("a copy", () => {
  it.each([0, 1, MIB, 3 * MIB + 7])("of %i bytes is the same, with its checksum", async (bytes) => {
    const errand = await anErrand(bytes);
    const { path, output, content } = errand;
    expect(await copy(errand).done).toEqual({
      path,
      output,
      bytes,
      sha256: sha256(content),
      verified: "checksum",
      resumedAt: 0,
    });
    expect((await readFile(output)).equals(content)).toBe(true);
    expect(await errand.names()).toEqual(["copy"]);
  });

  it("keeps the time and the rights of its source, but not that it runs as somebody else", async () => {
    const errand = await anErrand(10);
    await chmod(errand.path, 0o4750);
    await utimes(errand.path, 1_000_000_000, 1_234_567_890.25);
    await copy(errand).done;
    const facts = await stat(errand.output);
    expect(facts.mode & 0o7777).toBe(0o750);
    expect(facts.mtimeMs).toBeCloseTo(1_234_567_890_250, 1);
  });

  it("makes the directories that are missing, and replaces the file that is there", async () => {
    const errand = await anErrand(10);
    const output = join(errand.folder, "new/deep/copy");
    await copy({ ...errand, output }).done;
    await writeFile(errand.path, "something else");
    await copy({ ...errand, output }).done;
    expect(await readFile(output, "utf8")).toBe("something else");
  });

  it("tells bytes per second and seconds left, up to 100, reading back included", async () => {
    const errand = await anErrand(8 * MIB);
    const { context, done } = copy(errand);
    await done;
    const percents = context.reported.map(({ percent }) => percent);
    expect(percents).toEqual([...percents].sort((one, other) => one - other));
    expect(percents.at(-1)).toBe(100);
    expect(new Set(context.reported.map(({ message }) => message))).toEqual(new Set(["copying", "verifying"]));
    expect(context.reported.at(-1)?.stats).toEqual({ bytesPerSecond: expect.any(Number), secondsLeft: 0 });
  });

  it("is not read back when only its size is to be verified", async () => {
    const errand = await anErrand(2 * MIB);
    const { context, done } = copy(errand, {}, "size");
    expect(await done).toMatchObject({ verified: "size", sha256: sha256(errand.content) });
    expect(new Set(context.reported.map(({ message }) => message))).toEqual(new Set(["copying"]));
  });

  it("that was changed on its way is found out, and nothing of it is visible", async () => {
    const errand = await anErrand(4 * MIB);
    const spoil = async () => {
      const [name] = (await errand.names()).filter((one) => one.endsWith(".copy"));
      const file = await open(join(errand.folder, "to", name!), "r+");
      await file.write("spoilt", 0);
      await file.close();
    };
    let spoilt: Promise<void> | undefined;
    const { context, done } = copy(errand, {
      onProgress: () => {
        if (context.reported.at(-1)?.message === "verifying") return;
        if ((context.reported.at(-1)?.percent ?? 0) > 20) spoilt ??= spoil();
      },
    });
    await expect(done).rejects.toThrow(refused("verification_failed"));
    await spoilt;
    expect(existsSync(errand.output)).toBe(false);
  });

  it("of a file that is written to meanwhile is none", async () => {
    const errand = await anErrand(4 * MIB);
    let written: Promise<void> | undefined;
    const onProgress = () => {
      written ??= appendFile(errand.path, "more");
    };
    await expect(copy(errand, { onProgress }).done).rejects.toThrow(refused("file_changed"));
    await written;
    expect(existsSync(errand.output)).toBe(false);
  });

  it("onto itself is refused, by another name too", async () => {
    const errand = await anErrand(10);
    const other = join(errand.folder, "other-name");
    await link(errand.path, other);
    for (const output of [errand.path, other]) {
      await expect(copy({ ...errand, output }).done).rejects.toThrow(refused("output_refused"));
    }
    expect((await readFile(errand.path)).equals(errand.content)).toBe(true);
  });
});

describe("what a copy left", () => {
  const LARGE = 160 * MIB;

  /** Copies until its first checkpoint, then ends as `end` says. */
  async function anInterrupted(errand: Errand, end: (stop: AbortController) => void, given: { cancel?: boolean } = {}) {
    const variables = new Map<string, Json>();
    const stop = new AbortController();
    const onProgress = () => {
      if (variables.has("copy")) end(stop);
    };
    const signal = given.cancel === true ? { signal: stop.signal } : {};
    await expect(copy(errand, { variables, onProgress, ...signal }).done).rejects.toThrow();
    return variables;
  }
  const fail = () => {
    throw new Error("the source is away");
  };

  it("is gone on with by the next attempt, in the same file", async () => {
    const errand = await anErrand(LARGE);
    const variables = await anInterrupted(errand, fail);
    const [left] = await errand.names();
    const before = await stat(join(errand.folder, "to", left!));
    const result = await copy(errand, { variables, attempt: 2 }).done;
    expect(result).toMatchObject({ resumedAt: 128 * MIB, sha256: sha256(errand.content) });
    expect((await stat(errand.output)).ino).toBe(before.ino);
    expect(await errand.names()).toEqual(["copy"]);
  });

  it("is copied, not written to, when its writer may still be alive", async () => {
    const errand = await anErrand(LARGE);
    const variables = await anInterrupted(errand, fail);
    const [left] = await errand.names();
    const killed = join(errand.folder, "to", left!);
    variables.set("copy", { ...(variables.get("copy") as object), isLetGo: false });
    const writer = await open(killed, "r+");
    const result = await copy(errand, { variables, attempt: 2 }).done;
    await writer.write("a late word", 0);
    await writer.close();
    expect(result).toMatchObject({ resumedAt: 128 * MIB, sha256: sha256(errand.content) });
    expect((await readFile(errand.output)).equals(errand.content)).toBe(true);
    expect(await errand.names()).toEqual(["copy"]);
  });

  it("is not used when it is not what it was", async () => {
    const errand = await anErrand(LARGE);
    const variables = await anInterrupted(errand, fail);
    const [left] = await errand.names();
    const file = await open(join(errand.folder, "to", left!), "r+");
    await file.write("rotten", 1_000);
    await file.close();
    const result = await copy(errand, { variables, attempt: 2 }).done;
    expect(result).toMatchObject({ resumedAt: 0, sha256: sha256(errand.content) });
  });

  it("is not used when the source was written to since", async () => {
    const errand = await anErrand(LARGE);
    const variables = await anInterrupted(errand, fail);
    await appendFile(errand.path, "more");
    expect(await copy(errand, { variables, attempt: 2 }).done).toMatchObject({ resumedAt: 0, bytes: LARGE + 4 });
    expect(await errand.names()).toEqual(["copy"]);
  });

  it("is removed when it was cancelled", async () => {
    const errand = await anErrand(LARGE);
    await anInterrupted(errand, (stop) => stop.abort(), { cancel: true });
    expect(await errand.names()).toEqual([]);
  });

  it("is removed when another attempt has taken over", async () => {
    const errand = await anErrand(LARGE);
    const overtaken = copy(errand, { isStale: () => true }).done;
    await expect(overtaken).rejects.toThrow(refused("stale_attempt"));
    expect(await errand.names()).toEqual([]);
  });
});

describe("a full disk", () => {
  async function aDisk(skip: (condition: boolean, why: string) => void): Promise<SmallDisk> {
    made += 1;
    const disk = await aSmallDisk(join(own, `disk-${made}`), 4);
    skip(disk === undefined, "no right to mount a small file system");
    return disk!;
  }

  it("is told before anything is written, with what is missing, and a retry goes on once there is room", async ({
    skip,
  }) => {
    const { path: disk, grow } = await aDisk(skip);
    const errand = await anErrand(6 * MIB);
    const { done } = copy({ ...errand, output: join(disk, "copy") });
    await expect(done).rejects.toThrow(
      expect.objectContaining({
        code: "disk_full",
        message: expect.stringContaining("needs 2.1 MB more than there is"),
      }),
    );
    expect(await readdir(disk)).toEqual([]);
    grow(16);
    expect(await copy({ ...errand, output: join(disk, "copy") }, { attempt: 2 }).done).toMatchObject({ resumedAt: 0 });
    expect(await readdir(disk)).toEqual(["copy"]);
  });

  it("is told when others were faster, and nothing is visible", async ({ skip }) => {
    const { path: disk } = await aDisk(skip);
    const errand = await anErrand(3 * MIB);
    const others = openSync(join(disk, "others"), "w");
    const onProgress = () => {
      try {
        for (;;) writeSync(others, new Uint8Array(4_096));
      } catch {
        // Now it is full.
      }
    };
    const { done } = copy({ ...errand, output: join(disk, "copy") }, { onProgress });
    await expect(done).rejects.toThrow(refused("disk_full"));
    closeSync(others);
    expect(await readdir(disk)).toEqual(["others"]);
  });
});

it("a type that runs in a process of its own names its module, which exports it", async () => {
  const exported: Record<string, unknown> = await import(fileCopy.module!);
  expect(Object.values(exported)).toContain(fileCopy);
});

it("what may only be read is not written", async () => {
  const { fileCopy: readOnly } = mediaActions({ roots: [own] });
  const configuration = copyConfiguration.parse({ path: sample("city.jpg"), output: join(own, "city.jpg") });
  await expect(
    resultOf(readOnly, testContext({ ...configuration, path: join(own, "errand-1/source") })),
  ).rejects.toThrow(refused("outside_roots"));
});
