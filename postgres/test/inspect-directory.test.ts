import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { inspectDataDir, openPrivateServer } from "../src/index.ts";
import { temporaryPlace } from "./place.ts";

describe("looking at a data directory", { timeout: 60_000 }, () => {
  const place = temporaryPlace();

  it("that is not there tells of the place where it would be made, and makes nothing", async () => {
    const before = await readdir(place.root());
    const dataDir = join(place.root(), "not", "there");
    const facts = await inspectDataDir(dataDir);
    expect(facts).toMatchObject({ dataDir, exists: false, isOwn: true, network: undefined, holds: "nothing" });
    expect(facts.freeBytes).toBeGreaterThan(0);
    expect(await readdir(place.root())).toEqual(before);
  });

  it("tells a database of ours from something else", async () => {
    const server = await openPrivateServer(place.options(place.shared()));
    await server.close();
    expect(await inspectDataDir(place.shared())).toMatchObject({
      ...{ dataDir: server.dataDir, exists: true, isOwn: true, holds: "database" },
      major: Number.parseInt(server.version, 10),
    });
    const foreign = place.dataDir();
    await mkdir(join(foreign, "pg"), { recursive: true });
    await writeFile(join(foreign, "pg", "something"), "");
    expect(await inspectDataDir(foreign)).toMatchObject({ exists: true, holds: "foreign", major: undefined });
  });
});
