import { createHash } from "node:crypto";
import { appendFile, open, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ALGORITHMS, checksumConfiguration, fileChecksum, mediaActions } from "../src/index.ts";
import { ownDirectory, SAMPLES, sample } from "./samples.ts";
import { resultOf, testContext } from "./test-context.ts";

const own = await ownDirectory();
const type = mediaActions({ roots: [SAMPLES, own] }).fileChecksum;
const parse = checksumConfiguration.parse;

describe("the checksums of a file", () => {
  it("are those that the samples' NOTICE lists, by SHA-256 unless something else is asked for", async () => {
    const notice = await readFile(sample("NOTICE"), "utf8");
    const lines = [...notice.matchAll(/^ +([0-9a-f]{64}) {2}(\S+)$/gm)];
    expect(lines).toHaveLength(6);
    for (const [, sha256, name] of lines) {
      const path = sample(name!);
      const { checksums, bytes } = await resultOf(type, testContext(parse({ path })));
      expect({ name, checksums }).toEqual({ name, checksums: { sha256 } });
      expect(bytes).toBe((await readFile(path)).length);
    }
  });

  it("are all made in one pass, as other programs print them", async () => {
    const path = join(own, "check");
    await writeFile(path, "123456789");
    const { checksums } = await resultOf(type, testContext(parse({ path, algorithms: [...ALGORITHMS] })));
    expect(checksums).toEqual({
      crc32: "cbf43926",
      md5: "25f9e794323b453885f5181f1b624d0b",
      sha1: "f7c3bc1d808e04732adf679965ccc34ca7ae3441",
      sha256: "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225",
      sha512:
        "d9e6762dd1c8eaf6d61b3c6192fc408d4d6d5f1176d0c29169bc24e71c3f274ad27fcd5811b313d681f7e55ec02d73d499c95455b6b5bb503acf574fba8ffe85",
    });
  });

  it("of an empty file are those of nothing", async () => {
    const path = join(own, "empty");
    await writeFile(path, "");
    const result = await resultOf(type, testContext(parse({ path, algorithms: ["md5", "crc32"] })));
    expect(result).toEqual({
      path,
      bytes: 0,
      checksums: { md5: "d41d8cd98f00b204e9800998ecf8427e", crc32: "00000000" },
    });
  });

  it.each([1, 262_143, 262_144, 262_145, 524_288, 1_000_001])("are right at the length %i", async (length) => {
    const path = join(own, `length-${length}`);
    const content = Buffer.from(Array.from({ length }, (_, index) => (index * 31) % 251));
    await writeFile(path, content);
    const { checksums } = await resultOf(type, testContext(parse({ path })));
    expect(checksums.sha256).toBe(createHash("sha256").update(content).digest("hex"));
  });

  it("are those of the job's target when the configuration names no path", async () => {
    const target = { type: "file", id: sample("speech.mp3") };
    const result = await resultOf(type, testContext(parse({}), { target }));
    expect(result).toMatchObject({ path: target.id, bytes: 69_727 });
  });
});

describe("while a checksum is made", () => {
  it("progress rises to 100 with the bytes per second, without a report for each piece of a long file", async () => {
    const path = await sparse("progress", 64 * 1024 * 1024);
    const context = testContext(parse({ path }));
    await resultOf(type, context);
    const percents = context.reported.map(({ percent }) => percent);
    expect(percents.at(-1)).toBe(100);
    expect(percents).toEqual([...percents].sort((one, other) => one - other));
    expect(percents.length).toBeGreaterThan(50);
    expect(percents.length).toBeLessThan(120);
    for (const { stats } of context.reported) expect(stats?.bytesPerSecond).toBeGreaterThan(0);
  });

  it("memory does not grow with the file", async () => {
    const path = await sparse("memory", 256 * 1024 * 1024);
    let most = 0;
    const before = process.memoryUsage().arrayBuffers;
    const onProgress = () => {
      most = Math.max(most, process.memoryUsage().arrayBuffers - before);
    };
    await resultOf(type, testContext(parse({ path, algorithms: ["crc32"] }), { onProgress }));
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThan(8 * 1024 * 1024);
  });

  it("an abort stops it at the next piece", async () => {
    const path = await sparse("abort", 256 * 1024 * 1024);
    const stop = new AbortController();
    const context = testContext(parse({ path }), { signal: stop.signal, onProgress: () => stop.abort() });
    await expect(resultOf(type, context)).rejects.toThrow(expect.objectContaining({ name: "AbortError" }));
    expect(context.reported).toHaveLength(1);
  });

  it("a file that is written to has no checksum", async () => {
    const path = await sparse("growing", 4 * 1024 * 1024);
    let written: Promise<void> | undefined;
    const onProgress = () => {
      written ??= appendFile(path, "more");
    };
    await expect(resultOf(type, testContext(parse({ path }), { onProgress }))).rejects.toMatchObject({
      code: "file_changed",
      message: expect.stringContaining("was written to"),
    });
    await written;
  });
});

describe("the configuration of file.checksum", () => {
  it("defaults to SHA-256", () => {
    expect(parse({})).toEqual({ algorithms: ["sha256"] });
  });

  it.each([
    { algorithms: [] },
    { algorithms: ["sha3"] },
    { algorithms: ["md5", "md5"] },
    { path: "" },
    { path: 1 },
    { file: "/a" },
  ])("does not accept %j", (given) => {
    expect(checksumConfiguration.safeParse(given).success).toBe(false);
  });
});

it("a type that runs in a process of its own names its module, which exports it", async () => {
  const exported: Record<string, unknown> = await import(fileChecksum.module!);
  expect(Object.values(exported)).toContain(fileChecksum);
});

/** A file that is long and takes no room. */
async function sparse(name: string, length: number): Promise<string> {
  const path = join(own, name);
  const handle = await open(path, "w");
  await handle.truncate(length);
  await handle.close();
  return path;
}
