import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const inRepository = (path: string) => join(ROOT, path);

/** A reader's folder: Callsheet is installed, the command is on PATH, `media` holds the samples, `out` is empty. */
export interface Workplace {
  readonly directory: string;
  readonly variables: NodeJS.ProcessEnv;
  remove(): void;
}

export const PROGRAMS = {
  tsc: inRepository("node_modules/typescript/bin/tsc"),
  vitest: inRepository("node_modules/vitest/vitest.mjs"),
} as const;

export function makeWorkplace(databaseUrl: string): Workplace {
  const directory = mkdtempSync(join(tmpdir(), "callsheet-guide-"));
  symlinkSync(inRepository("node_modules"), join(directory, "node_modules"));
  symlinkSync(inRepository("samples"), join(directory, "media"));
  for (const name of ["bin", "out"]) mkdirSync(join(directory, name));
  writeFileSync(join(directory, "package.json"), '{ "type": "module" }\n');
  writeFileSync(join(directory, "tsconfig.json"), JSON.stringify(tsconfig()));
  const command = join(directory, "bin", "callsheet");
  writeFileSync(command, `#!/bin/sh\nexec "${process.execPath}" "${inRepository("cli/dist/main.js")}" "$@"\n`);
  chmodSync(command, 0o755);
  const remove = () => rmSync(directory, { recursive: true, force: true });
  return { directory, variables: variablesIn(directory, databaseUrl), remove };
}

function tsconfig() {
  return {
    extends: inRepository("tsconfig.base.json"),
    compilerOptions: {
      ...{ composite: false, declaration: false, declarationMap: false, sourceMap: false },
      ...{ outDir: "dist", rootDir: ".", moduleDetection: "force" },
    },
    include: ["*.ts"],
  };
}

function variablesIn(directory: string, databaseUrl: string): NodeJS.ProcessEnv {
  // What vitest tells its own processes would confuse the one that a guide runs.
  const own = Object.entries(process.env).filter(([name]) => !/^(VITEST|NODE_OPTIONS|FORCE_COLOR|TEST$)/.test(name));
  return {
    ...Object.fromEntries(own),
    PATH: `${join(directory, "bin")}:${process.env.PATH ?? ""}`,
    DATABASE_URL: databaseUrl,
    CALLSHEET_MEDIA_ROOTS: join(directory, "media"),
    CALLSHEET_OUTPUT_ROOTS: join(directory, "out"),
    NO_COLOR: "1",
  };
}
