// Packs every workspace as npm would publish it, and installs all of them into an empty project. `npm run test:pack`.
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { repositoryRoot } from "../repository/root.mjs";
import { readWorkspaces } from "../repository/workspaces.mjs";

const INSTALL_MS = 300_000;
/** Declarations are checked too: what a package declares must be there where it is installed. */
const STRICT = ["--noEmit", "--strict", "--module", "nodenext", "--target", "es2023", "--types", "node"];

const workspaces = readWorkspaces(repositoryRoot());
const doors = workspaces.flatMap(({ manifest }) =>
  Object.keys(manifest.exports ?? {}).map((door) => `${manifest.name}${door.slice(1)}`),
);
const commands = workspaces.flatMap(({ manifest }) => Object.keys(manifest.bin ?? {}));

const temporary = mkdtempSync(join(tmpdir(), "callsheet-pack-"));
// The private server's user passes through it when we are root.
chmodSync(temporary, 0o711);
const project = join(temporary, "project");

beforeAll(() => {
  mkdirSync(project);
  writeFileSync(join(project, "package.json"), '{ "name": "empty-project", "private": true, "type": "module" }\n');
  for (const { directory } of workspaces) run(directory, "npm", "pack", "--pack-destination", temporary);
  const packed = readdirSync(temporary).filter((file) => file.endsWith(".tgz"));
  run(project, "npm", "install", "--prefer-offline", "--no-audit", "--no-fund", ...packed.map((file) => `../${file}`));
}, INSTALL_MS);

afterAll(() => rmSync(temporary, { recursive: true, force: true }));

test.each(workspaces)("$manifest.name packs what was built, and nothing else", ({ manifest }) => {
  const installed = join(project, "node_modules", manifest.name);
  const names = readdirSync(installed).filter((name) => name !== "package.json" && name !== "node_modules");
  expect(names).toContain("dist");
  expect(names.filter((name) => !/^(dist|README\.md|LICENSE|NOTICE)$/.test(name))).toEqual([]);
  const sources = readdirSync(join(installed, "dist"), { recursive: true }).filter((file) =>
    /(?<!\.d)\.ts$|buildinfo$/.test(file),
  );
  expect(sources).toEqual([]);
});

describe.each(doors)("%s", (door) => {
  test("can be imported", () => {
    const program = `console.log(Object.keys(await import(${JSON.stringify(door)})).length)`;
    expect(Number(run(project, process.execPath, "--input-type=module", "-e", program))).toBeGreaterThan(0);
  });

  test("brings its types", { timeout: 120_000 }, () => {
    const file = `imports${door.replaceAll(/\W/g, "-")}.ts`;
    const text = `import * as door from ${JSON.stringify(door)};\nexport const names: readonly (keyof typeof door)[] = [];\n// @ts-expect-error no package has it\ndoor.noSuchName;\n`;
    writeFileSync(join(project, file), text);
    const compiler = join(repositoryRoot(), "node_modules/typescript/bin/tsc");
    const types = join(repositoryRoot(), "node_modules/@types");
    run(project, process.execPath, compiler, ...STRICT, "--typeRoots", types, file);
  });
});

test.each(commands)("the command %s starts", (command) => {
  expect(run(project, join(project, "node_modules/.bin", command), "--help")).toContain(`Usage: ${command}`);
});

test("a program of the empty project runs a job on the private PostgreSQL", { timeout: 120_000 }, () => {
  const program = `
    import { Callsheet, defineActionType } from "@callsheet/core";
    import { z } from "zod";
    const type = defineActionType({
      type: "double", version: 1, configuration: z.object({ n: z.number() }), run: async (context) => 2 * context.configuration.n,
    });
    const cs = await Callsheet.open({ dataDir: process.argv[2] });
    const action = await cs.actions.put({ name: "double", type });
    await cs.work({ name: "here", types: [type] });
    const { state, result } = await cs.jobs.wait(await cs.jobs.create(action, { configuration: { n: 21 } }));
    console.log(state, result);
    await cs.close();`;
  writeFileSync(join(project, "program.mjs"), program);
  expect(run(project, process.execPath, "program.mjs", join(temporary, "data")).trim()).toBe("completed 42");
});

/** What a program printed; when it fails, all that it printed is the message. */
function run(directory, program, ...args) {
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd: directory, encoding: "utf8" });
  if (status !== 0) throw new Error(`${program} ${args.join(" ")}\n${stdout}${stderr}${error ?? ""}`);
  return stdout;
}
