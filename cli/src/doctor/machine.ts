import { type Finding, ok, problem } from "./finding.ts";

export interface MachineFacts {
  /** Such as "v20.19.2". */
  readonly nodeVersion: string;
  /** What the package needs, such as ">=20.19". */
  readonly engines: string;
  readonly platform: NodeJS.Platform;
  readonly arch: string;
  /** Undefined on Linux means musl. */
  readonly glibc: string | undefined;
  /** Whether a database of somebody's is used, so that no private server needs to run here. */
  readonly hasDatabase: boolean;
}

export function readMachine(engines: string, hasDatabase: boolean): MachineFacts {
  const report = process.report?.getReport() as { header?: { glibcVersionRuntime?: string } } | undefined;
  const { version: nodeVersion, platform, arch } = process;
  return { nodeVersion, engines, platform, arch, glibc: report?.header?.glibcVersionRuntime, hasDatabase };
}

export function judgeMachine(facts: MachineFacts): readonly Finding[] {
  return [judgeNode(facts), judgePlatform(facts)];
}

function judgeNode({ nodeVersion, engines }: MachineFacts): Finding {
  const needed = engines.replace(/^>=/, "");
  if (isAtLeast(nodeVersion.replace(/^v/, ""), needed)) return ok("Node.js", nodeVersion);
  return problem("Node.js", `${nodeVersion}, which is too old`, `Install Node.js ${needed} or newer.`);
}

/** Compares versions by their numbers, as many as are named. */
function isAtLeast(version: string, needed: string): boolean {
  const [has, needs] = [version, needed].map((text) => text.split(".").map((part) => Number.parseInt(part, 10)));
  for (const [index, number] of needs!.entries()) {
    const own = has![index] ?? 0;
    if (own !== number) return own > number;
  }
  return true;
}

function judgePlatform({ platform, arch, glibc, hasDatabase }: MachineFacts): Finding {
  const isMusl = platform === "linux" && glibc === undefined;
  const name = [platform, arch, ...(glibc === undefined ? [] : [`glibc ${glibc}`]), ...(isMusl ? ["musl"] : [])].join(
    " ",
  );
  if ((platform !== "win32" && !isMusl) || hasDatabase) return ok("System", name);
  return problem(
    "System",
    `${name}, on which the private server does not run`,
    "Set DATABASE_URL to a PostgreSQL 15 or newer.",
  );
}
