import { spawn, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";
import type { Callsheet } from "@callsheet/core";
import { openTestDatabase, type TestDatabase } from "@callsheet/core/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { endless } from "./play.ts";

const MAIN = fileURLToPath(new URL("../dist/main.js", import.meta.url));
// `script` runs a command on a terminal of its own and answers with the command's exit code.
const found = spawnSync("script", ["-qec", "true", "/dev/null"], { stdio: "ignore" }).status === 0;

let database: TestDatabase;
let cs: Callsheet;
beforeAll(async () => {
  database = await openTestDatabase();
  cs = await database.open();
  await cs.actions.put({ name: "endless", type: endless, cancellable: "asks" });
});
afterAll(() => database.close());

interface Keys {
  /** What must be on the screen before the keys are pressed. */
  readonly when: string;
  readonly press: string;
}

/** Runs a command on a terminal of 80 columns, where somebody presses keys. */
async function onTerminal(line: string, keys?: Keys) {
  const { CI: _ci, NO_COLOR: _no, FORCE_COLOR: _force, ...variables } = process.env;
  const env = { ...variables, TERM: "xterm", DATABASE_URL: database.url };
  const child = spawn(
    "script",
    ["-qec", `stty cols 80 rows 24; exec '${process.execPath}' '${MAIN}' ${line}`, "/dev/null"],
    {
      env,
    },
  );
  let written = "";
  let pressed = keys === undefined;
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    written += text;
    if (pressed || !written.includes(keys!.when)) return;
    pressed = true;
    child.stdin.write(keys!.press);
  });
  const exitCode = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { exitCode, text: stripVTControlCharacters(written).replaceAll("\r", "") };
}

it("a list is a table in colours that keeps to the width", async (context) => {
  context.skip(!found, "no script");
  const target = { type: "file", id: `/media/${"reel/".repeat(20)}dog.mp4` };
  await cs.jobs.create("endless", { target, startAt: null });
  const { exitCode, text } = await onTerminal("jobs list");
  expect(exitCode).toBe(0);
  expect(text).toMatch(/^Id +State +Action +Target +Age *\n[\w-]+ +created +endless +\/media.*….*dog\.mp4 +\S/);
  for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
});

it("Ctrl-C ends a wait with its bars: 130, said in words", async (context) => {
  context.skip(!found, "no script");
  const { id } = await cs.jobs.create("endless", { startAt: null });
  const { exitCode, text } = await onTerminal(`jobs wait ${id}`, { when: "0 %", press: "\u0003" });
  expect(exitCode).toBe(130);
  expect(text).toContain("Interrupted.\n");
});

it("a final thing is asked for, and not done without a yes", async (context) => {
  context.skip(!found, "no script");
  const { id } = await cs.jobs.create("endless", { startAt: null });
  const refused = await onTerminal(`jobs cancel ${id}`, { when: "[y/N]", press: "n\r" });
  expect(refused.exitCode).toBe(1);
  expect(await cs.jobs.get(id)).toMatchObject({ state: "created" });
  const meant = await onTerminal(`jobs cancel ${id}`, { when: "[y/N]", press: "y\r" });
  expect(meant.exitCode).toBe(0);
  expect(await cs.jobs.get(id)).toMatchObject({ state: "cancelled" });
});
