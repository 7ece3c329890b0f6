import { mkdir, readdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { amount, prepareDestination } from "../src/destination.ts";
import { outputPath } from "../src/output-path.ts";
import { ownDirectory } from "./samples.ts";

const own = await ownDirectory();
const root = join(own, "root");
await mkdir(join(root, "there"), { recursive: true });
await writeFile(join(root, "file"), "x");
const check = (output: string, roots = [root]) => outputPath(output, () => roots);
const refused = (code: string) => expect.objectContaining({ code, message: expect.stringMatching(/^[^\n]+\.$/) });

describe("an output", () => {
  it("may be a new file, a file to replace, and a file in directories that are not there yet", async () => {
    for (const name of ["new", "file", "there/new", "not/yet/there/new"]) {
      expect(await check(join(root, name))).toBe(join(root, name));
    }
    expect(await readdir(root)).toEqual(["file", "there"]);
  });

  it("has the links of its directory resolved, which may stay inside", async () => {
    await symlink(join(root, "there"), join(root, "inside"));
    expect(await check(join(root, "inside/new"))).toBe(join(root, "there/new"));
    await symlink(root, join(own, "other-name"));
    expect(await check(join(own, "other-name/new"), [join(own, "other-name")])).toBe(join(root, "new"));
  });

  it.each(["relative", "a\0b", "there/../new", "../own", "there/", "."])(
    "%j is no clear path of a file",
    async (name) => {
      const path = name === "relative" ? name : `${root}/${name}`;
      await expect(check(path)).rejects.toThrow(refused("path_invalid"));
    },
  );

  it("outside of the output roots is refused, whether anything is there or not", async () => {
    const outside = [join(own, "new"), join(own, "nothing/new"), "/etc/passwd", "/proc/self/cwd/x", `${root}-more/new`];
    for (const path of outside) await expect(check(path)).rejects.toThrow(refused("outside_roots"));
    await expect(check(join(root, "new"), [])).rejects.toThrow(refused("outside_roots"));
  });

  it("is refused where a link leads out, or to nothing, or in a circle", async () => {
    await symlink(own, join(root, "out"));
    await symlink(join(own, "nothing"), join(root, "dangling"));
    await symlink(join(root, "circle"), join(root, "circle"));
    await expect(check(join(root, "out/new"))).rejects.toThrow(refused("outside_roots"));
    await expect(check(join(root, "out/not/yet/new"))).rejects.toThrow(refused("outside_roots"));
    for (const name of ["dangling/new", "circle/new"]) {
      await expect(check(join(root, name))).rejects.toThrow(refused("output_refused"));
    }
  });

  it("that is a directory or a link, or lies below a file, is refused", async () => {
    await symlink(join(root, "file"), join(root, "link"));
    for (const name of ["there", "link", "file/new"]) {
      await expect(check(join(root, name))).rejects.toThrow(refused("output_refused"));
    }
  });

  it("with a name that is too long is no path", async () => {
    await expect(check(join(root, "x".repeat(300)))).rejects.toThrow(refused("path_invalid"));
  });
});

it("the directories of a destination are made", async () => {
  const { directory, replaced } = await prepareDestination(join(root, "made/deep/new"), () => [root]);
  expect(directory).toBe(join(root, "made/deep"));
  expect(replaced).toBeUndefined();
  expect(await readdir(directory)).toEqual([]);
});

it.each([
  [0, "0 bytes"],
  [999, "999 bytes"],
  [1_000, "1 kB"],
  [1_234_567, "1.23 MB"],
  [2e12, "2 TB"],
])("%i bytes are called %s", (bytes, text) => {
  expect(amount(bytes)).toBe(text);
});
