import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { EXIT } from "./exit-code.ts";
import { failure, usageError } from "./failure.ts";
import type { Terminal } from "./terminal.ts";

/** Reads a file, or what is piped in when it is called `-`, as JSON. */
export async function readJson(terminal: Terminal, file: string): Promise<unknown> {
  return parse(await readText(terminal, file), nameOf(file));
}

/** Reads a file, or what is piped in, as one JSON value a line; empty lines count for nothing. */
export async function readJsonLines(terminal: Terminal, file: string): Promise<readonly unknown[]> {
  const lines = (await readText(terminal, file)).split("\n");
  return lines.flatMap((line, at) => (line.trim() === "" ? [] : [parse(line, `line ${at + 1} of ${nameOf(file)}`)]));
}

/** Reads a file, or what is piped in, as a JSON object. */
export async function readObject(terminal: Terminal, file: string): Promise<Readonly<Record<string, unknown>>> {
  const value = await readJson(terminal, file);
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw usageError(`${nameOf(file)} holds no JSON object.`, 'Write it as { "key": value }.');
}

/** Reads a file, or what is piped in, as it is. */
export async function readText({ stdin }: Terminal, file: string): Promise<string> {
  if (file === "-") return text(stdin);
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const exitCode = code === "ENOENT" ? EXIT.notFound : EXIT.failed;
    throw failure("file_unreadable", `${file} cannot be read: ${code}.`, "Check its path and its rights.", exitCode);
  }
}

function parse(json: string, where: string): unknown {
  try {
    return JSON.parse(json);
  } catch (error) {
    throw usageError(`${where} is not JSON: ${(error as Error).message}.`, "Correct it; texts stand in double quotes.");
  }
}

function nameOf(file: string): string {
  return file === "-" ? "standard input" : file;
}
