import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { isAbsolute, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import type { ActionType } from "@callsheet/core";
import { EXIT } from "../exit-code.ts";
import { failure } from "../failure.ts";
import { actionTypesIn } from "./action-types-in.ts";

const run = promisify(execFile);

/** The action types that a file or a package exports. `from` is the directory that a relative name starts at. */
export async function loadPlugin(name: string, from: string): Promise<readonly ActionType[]> {
  const path = findPlugin(name, from);
  const exported = await import(pathToFileURL(path).href).catch(async (error: unknown) => {
    throw refused("plugin_unreadable", `The plug-in ${name} cannot be loaded: ${await reasonOf(error, path)}.`);
  });
  const types = actionTypesIn(exported);
  if (types.length > 0) return types;
  throw refused("plugin_empty", `The plug-in ${name} exports no action type.`);
}

function findPlugin(name: string, from: string): string {
  const path = resolve(from, name);
  if (existsSync(path)) return path;
  if (name.startsWith(".") || isAbsolute(name)) throw refused("plugin_missing", `There is no file ${path}.`);
  try {
    return createRequire(join(from, "package.json")).resolve(name);
  } catch (error) {
    if ((error as { code?: unknown }).code === "ERR_PACKAGE_PATH_NOT_EXPORTED")
      throw refused("plugin_missing", `The package ${name} cannot be found by its name alone: name its file.`);
    throw refused("plugin_missing", `There is neither a file ${path} nor a package ${name} that can be found there.`);
  }
}

async function reasonOf(error: unknown, path: string): Promise<string> {
  if (!(error instanceof Error)) return `it throws ${String(error)}`;
  if ((error as { code?: unknown }).code === "ERR_UNKNOWN_FILE_EXTENSION")
    return `this Node.js (${process.version}) does not run files of this kind; compile it to JavaScript`;
  if (!(error instanceof SyntaxError)) return lastOff(error.message);
  const line = await lineOfError(path);
  return `${lastOff(error.message)}${line === undefined ? "" : ` in line ${line}`}`;
}

/** The line of a syntax error, which an import does not tell, but Node's own check does. */
async function lineOfError(path: string): Promise<string | undefined> {
  const checked = await run(process.execPath, ["--check", path]).catch((error) => error);
  const first = String(checked?.stderr ?? "").split("\n")[0] ?? "";
  return first.startsWith(path) || first.startsWith(pathToFileURL(path).href) ? /:(\d+)$/.exec(first)?.[1] : undefined;
}

const lastOff = (sentence: string): string => sentence.replace(/\.$/, "");

function refused(code: string, message: string): Error {
  return failure(
    code,
    message,
    "A plug-in is a JavaScript module that exports what defineActionType returned; see docs/guide/writing-an-action-type.md.",
    EXIT.usage,
  );
}
