import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "@callsheet/core/testing";
import pg from "pg";
import { type Fence, fencesOf, isAsShown } from "./fences.ts";
import { makeWorkplace, PROGRAMS, type Workplace } from "./workplace.ts";

/**
 * Runs what a guide shows, from top to bottom, as a reader would:
 *
 * - `ts`: a program; compiled strictly, then run. `ts name.ts`: a file of that name; compiled, and run by what imports it.
 *   `ts name.test.ts`: a test, run by vitest.
 * - `sh`: run by bash, where `callsheet` is the built command. `sh background`: a node, which runs to the end of the guide
 *   and must then end well at Ctrl-C.
 * - `sql`: statements of the role that runs Callsheet. `sql administrator` is shown only.
 * - `text output`: what the block before it prints, with "…" for anything.
 *
 * Blocks of other languages are shown only; so is `console`, a session that cannot be had here, such as an installation.
 */
export async function runGuide(markdown: string, databaseUrl: string): Promise<void> {
  const fences = fencesOf(markdown);
  const place = makeWorkplace(databaseUrl);
  const nodes: Background[] = [];
  try {
    await compile(fences, place);
    let output = "";
    for (const fence of fences) {
      try {
        if (isOutput(fence)) expectShown(output, fence.text);
        else if (fence.language === "sh" && fence.note === "background") nodes.push(await background(fence, place));
        else output = (await run(fence, place)) ?? output;
      } catch (error) {
        throw new Error(`The block of line ${fence.line} does not do what the guide says: ${(error as Error).message}`);
      }
    }
    for (const node of nodes) await node.stop();
  } finally {
    for (const node of nodes) node.kill();
    place.remove();
  }
}

const isOutput = ({ language, note }: Fence) => language === "text" && note === "output";
const isFile = ({ language, note }: Fence) => language === "ts" && note !== "";
const nameOf = (fence: Fence) => (isFile(fence) ? fence.note : `block-${fence.line}.ts`);

async function compile(fences: readonly Fence[], { directory, variables }: Workplace): Promise<void> {
  const programs = fences.filter(({ language }) => language === "ts");
  if (programs.length === 0) return;
  for (const fence of programs) writeFileSync(join(directory, nameOf(fence)), fence.text);
  await execute([process.execPath, PROGRAMS.tsc, "-p", "."], { directory, variables });
}

/** Answers what it printed; undefined for a block that is not run. */
async function run(fence: Fence, place: Workplace): Promise<string | undefined> {
  const name = nameOf(fence);
  if (fence.language === "sh") return execute(["bash", "-euo", "pipefail", "-c", fence.text], place);
  if (fence.language === "sql" && fence.note === "") return query(fence.text, place);
  if (fence.language !== "ts") return undefined;
  if (name.endsWith(".test.ts")) return execute([process.execPath, PROGRAMS.vitest, "run", "--root", ".", name], place);
  if (isFile(fence)) return undefined;
  return execute([process.execPath, join("dist", name.replace(/ts$/, "js"))], place);
}

async function query(text: string, { variables }: Workplace): Promise<string> {
  const client = new pg.Client(variables.DATABASE_URL);
  await client.connect();
  try {
    await client.query(text);
    return "";
  } finally {
    await client.end();
  }
}

type Surroundings = Pick<Workplace, "directory" | "variables">;

async function execute([command, ...args]: readonly string[], { directory, variables }: Surroundings): Promise<string> {
  const child = spawn(command!, args, { cwd: directory, env: variables, stdio: ["ignore", "pipe", "pipe"] });
  const written = listen(child);
  const [code] = (await once(child, "close")) as [number | null];
  if (code === 0) return written.stdout;
  throw new Error(`it ended with ${code}\n${written.stdout}${written.stderr}`);
}

function listen(child: ChildProcess): { stdout: string; stderr: string } {
  const written = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const) {
    child[stream]!.setEncoding("utf8").on("data", (text: string) => {
      written[stream] += text;
    });
  }
  return written;
}

interface Background {
  /** Ctrl-C, which a terminal sends to the whole process group. */
  stop(): Promise<void>;
  kill(): void;
}

async function background({ text }: Fence, { directory, variables }: Workplace): Promise<Background> {
  const child = spawn("bash", ["-c", `exec ${text}`], {
    cwd: directory,
    env: variables,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const written = listen(child);
  let isOver = false;
  const ended = once(child, "close").then(([code]) => {
    isOver = true;
    return code as number | null;
  });
  const signal = (name: NodeJS.Signals) => isOver || process.kill(-child.pid!, name);
  await until(() => isOver || written.stderr.includes("Takes jobs."), { deadlineMs: 20_000, what: "The node" });
  if (isOver) throw new Error(`it ended\n${written.stdout}${written.stderr}`);
  const stop = async () => {
    signal("SIGINT");
    const code = await ended;
    if (code !== 0) throw new Error(`The node ended with ${code}\n${written.stdout}${written.stderr}`);
  };
  return { stop, kill: () => void signal("SIGKILL") };
}

function expectShown(output: string, shown: string): void {
  if (!isAsShown(output, shown)) throw new Error(`this was printed instead:\n${output}`);
}
