import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { lockHolder, takeLock } from "../src/lock-file.ts";
import { deadlineIn } from "../src/pause.ts";
import { ownIdentity } from "../src/process-identity.ts";
import { temporaryPlace } from "./place.ts";
import { refusal } from "./query.ts";

const CONTENDER = fileURLToPath(new URL("./lock-contender.mjs", import.meta.url));

describe("the opener's lock", { timeout: 60_000 }, () => {
  const place = temporaryPlace();

  it("names its living holder, and goes to the next one when it is released", async () => {
    const directory = place.dataDir();
    const first = await takeLock(directory, deadlineIn(1000));
    expect((await lockHolder(directory))?.pid).toBe(process.pid);
    const refused = await refusal(takeLock(directory, deadlineIn(50)));
    expect(refused.code).toBe("data_directory_in_use");
    expect(refused.message).toContain(`Process ${process.pid} `);
    await first.release();
    expect(await lockHolder(directory)).toBeUndefined();
    const second = await takeLock(directory, deadlineIn(1000));
    // A late word from the first holder changes nothing.
    await first.release();
    expect((await lockHolder(directory))?.pid).toBe(process.pid);
    await second.release();
    expect((await readdir(directory)).length).toBe(1);
  });

  const own = ownIdentity();
  it.each([
    ["of a process that is gone", { ...own, pid: 2 ** 22 + 1 }, "taken"],
    ["of another process that had our pid", { ...own, startTime: "1" }, "taken"],
    ["of an earlier boot", { ...own, bootId: "earlier" }, "taken"],
    ["that a power cut emptied", undefined, "taken"],
    ["of another pid namespace", { ...own, namespace: "elsewhere" }, "refused"],
  ])("%s is %s", async (_, holder, outcome) => {
    const directory = place.dataDir();
    await mkdir(directory, { recursive: true });
    await writeFile(join(directory, "000000000007"), holder ? JSON.stringify({ state: "held", holder }) : "");
    const taking = takeLock(directory, deadlineIn(50));
    if (outcome === "taken") await (await taking).release();
    else expect(await refusal(taking)).toMatchObject({ code: "data_directory_in_use" });
  });

  it("is held by one process at a time, whoever is killed while it holds it or waits", async () => {
    const directory = place.dataDir();
    await mkdir(directory, { recursive: true });
    const journal = join(directory, "journal");
    const locks = join(directory, "lock");
    const begin = () => spawn(process.execPath, [CONTENDER, locks, journal, "40"], { stdio: "inherit" });
    const patient = Array.from({ length: 2 }, begin);
    const doomed: ChildProcess[] = [];
    for (let i = 0; i < 8; i += 1) {
      const one = begin();
      doomed.push(one);
      await new Promise((resolve) => setTimeout(resolve, 120 + 13 * i));
      one.kill("SIGKILL");
    }
    const codes = await Promise.all(patient.map(async (one) => one.exitCode ?? (await once(one, "close"))[0]));
    expect(codes).toEqual([0, 0]);

    const lines = (await readFile(journal, "utf8")).trim().split("\n");
    const killed = new Set(doomed.map((one) => String(one.pid)));
    let inside: string | undefined;
    for (const line of lines) {
      const [what, pid] = line.split(" ");
      if (what === "in" && inside !== undefined)
        expect(killed, `${pid} came in while ${inside} was in`).toContain(inside);
      if (what === "out") expect(pid).toBe(inside);
      inside = what === "in" ? pid : undefined;
    }
    expect(lines.filter((line) => line.startsWith("out")).length).toBeGreaterThanOrEqual(80);
  });
});
