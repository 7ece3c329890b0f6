import { readFileSync } from "node:fs";
import { colours } from "../colours.ts";
import { counted } from "../counted.ts";
import { describeDatabase } from "../database-option.ts";
import { databaseOf } from "../db/private-server.ts";
import { EXIT } from "../exit-code.ts";
import { printOne } from "../output.ts";
import { printable } from "../printable.ts";
import type { Terminal } from "../terminal.ts";
import { examineDatabase } from "./database.ts";
import type { Finding } from "./finding.ts";
import { judgeMachine, readMachine } from "./machine.ts";
import { examineMedia } from "./media.ts";
import { examinePrivateServer } from "./private-server.ts";
import { examineWorkspace } from "./workspace.ts";

/** Looks at all that Callsheet needs here, and says what to do. Starts and changes nothing. */
export async function examine(terminal: Terminal): Promise<void> {
  const findings = await findingsOf(terminal);
  const problems = findings.filter(({ level }) => level === "problem").length;
  const warnings = findings.filter(({ level }) => level === "warning").length;
  printOne(terminal, { problems, warnings, findings }, () => reportText(findings, { problems, warnings }));
  if (problems > 0) terminal.exitCode = EXIT.failed;
}

async function findingsOf(terminal: Terminal): Promise<readonly Finding[]> {
  const { variables } = terminal;
  const choice = databaseOf(terminal);
  terminal.note(printable(`Looks at ${describeDatabase(choice)}.`));
  const machine = judgeMachine(readMachine(neededNode(), "databaseUrl" in choice));
  const media = examineMedia(variables);
  const { findings, url } =
    "databaseUrl" in choice
      ? { findings: [], url: choice.databaseUrl }
      : await examinePrivateServer(choice.dataDir, variables);
  const database = url === undefined ? [] : await examineDatabase(url);
  return [...machine, ...findings, ...database, ...(await media), await examineWorkspace()];
}

function neededNode(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { readonly engines: { readonly node: string } }).engines.node;
}

const MARKS = {
  ok: (text: string) => colours.green(text),
  warning: (text: string) => colours.yellow(text),
  problem: (text: string) => colours.red(text),
} as const satisfies Record<Finding["level"], (text: string) => string>;

function reportText(
  findings: readonly Finding[],
  counts: { readonly problems: number; readonly warnings: number },
): string {
  const width = Math.max(...findings.map(({ about }) => about.length));
  const lines = findings.map(({ about, level, found, next }) => {
    const head = `${MARKS[level](level.padEnd(7))}  ${about.padEnd(width)}  ${printable(found)}\n`;
    return next === null ? head : `${head}${" ".repeat(width + 11)}→ ${printable(next)}\n`;
  });
  return `${lines.join("")}\n${sumOf(counts)}\n`;
}

function sumOf({ problems, warnings }: { readonly problems: number; readonly warnings: number }): string {
  if (problems + warnings === 0) return "All is well.";
  return `${counted(problems, "problem")}, ${counted(warnings, "warning")}.`;
}
