import { copyFile, mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { stripVTControlCharacters } from "node:util";
import { mediaActions } from "@callsheet/actions";
import { Callsheet } from "@callsheet/core";
import { makeTemporaryDirectory, openPrivateServer, removeTemporary, serverStatus } from "@callsheet/postgres";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runDemo } from "../src/demo.ts";
import { findSamples } from "../src/samples.ts";
import { callsheet, callsheetWith } from "./command.ts";

let own: string;
beforeAll(async () => {
  own = await makeTemporaryDirectory();
});
afterAll(() => removeTemporary(own));
const dataDir = () => join(own, "data");

describe("the demo, as a command", () => {
  it("runs every sample through both actions, shows them, stops its server and ends with 0", async () => {
    const startedAt = performance.now();
    const { exitCode, stdout, stderr } = await callsheet("demo", "--data-dir", dataDir()).ended;
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(performance.now() - startedAt).toBeLessThan(25_000);

    const names = (await readdir(findSamples())).filter((name) => name !== "NOTICE");
    expect(stdout).toContain(`\n${names.length * 2} of ${names.length * 2} jobs completed.\n`);
    for (const name of names) {
      for (const action of ["demo.checksum", "demo.probe"]) {
        expect(stdout).toContain(`${name} ${action}: completed\n`);
        expect(stdout).toMatch(new RegExp(`^ {2}${name} ${action}: pending → .+ → completed .* on demo-\\d+$`, "m"));
      }
    }
    expect(lineOf(stdout, "dog.mp4 ")).toMatch(
      /^dog.mp4 +video, mp4 +1.6 s +2.9 MB {2}9b0710a43641 {2}completed +\S+ m?s$/,
    );
    expect(lineOf(stdout, "city.jpg ")).toMatch(/^city.jpg +image, jpeg +689.3 kB {2}76204f90870d {2}completed/);
    expect(stdout).not.toContain("\u001b");
    expect((await serverStatus(dataDir())).state).not.toBe("running");
  });

  it("runs on the PostgreSQL of DATABASE_URL, leaves it running, and touches no jobs of others", async () => {
    const server = await openPrivateServer({ dataDir: dataDir() });
    try {
      await using cs = await Callsheet.open({ databaseUrl: server.url });
      const { fileChecksum } = mediaActions();
      const checksum = await cs.actions.put({ name: "checksum", type: fileChecksum });
      const others = await cs.jobs.create(checksum, { configuration: { path: "/another/machine's" } });
      const { exitCode, stdout, stderr } = await callsheetWith({ DATABASE_URL: server.url }, "demo").ended;
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
      expect(stdout).toContain("Database: PostgreSQL of DATABASE_URL");
      expect(stdout).toContain("12 of 12 jobs completed.");
      expect((await serverStatus(dataDir())).state).toBe("running");
      expect((await cs.jobs.get(others)).attempt).toBe(0);
    } finally {
      await server.close();
    }
  });

  it("ends with 130 when it is interrupted, and leaves no server behind", async () => {
    const { child, ended } = callsheet("demo", "--data-dir", dataDir());
    child.stdout!.once("data", () => child.kill("SIGINT"));
    expect(await ended).toMatchObject({ exitCode: 130, stderr: "Interrupted.\n" });
    expect((await serverStatus(dataDir())).state).not.toBe("running");
  });
});

describe("the demo, over other files", () => {
  it("says which jobs failed and why, and cannot be made to steer the terminal by a name", async () => {
    const media = join(own, "media");
    await mkdir(media);
    await copyFile(join(findSamples(), "speech.mp3"), join(media, "good.mp3"));
    await writeFile(join(media, "evil\u001b[2J\n.mp4"), "not a film");
    const output = new PassThrough();
    const signal = new AbortController().signal;
    const database = { dataDir: dataDir() };
    const completed = await runDemo({ media, database, output: output as unknown as NodeJS.WriteStream, signal });
    const written = String(output.read());
    const text = stripVTControlCharacters(written);
    expect(completed).toBe(false);
    expect(lineOf(text, "evil\\u{1b}[2J\\n.mp4 ")).toContain("failed");
    expect(text).toContain("not_media: ");
    expect(text).toContain("3 of 4 jobs completed.");
    expect(written).not.toContain("\u001b[2J");
  });
});

/** The line of the table that begins with a text. */
function lineOf(text: string, begin: string): string {
  const table = text.slice(text.indexOf("\nFile"));
  return table.split("\n").find((line) => line.startsWith(begin)) ?? `no line begins with ${begin}`;
}
