import { systemEnvironment } from "@callsheet/core";
import { execa } from "execa";
import type { MediaLimits } from "./limits.ts";

/** A program and its arguments, as they are started. */
export interface Command {
  readonly file: string;
  readonly arguments: readonly string[];
}

/** Variables of the node that a program needs to be started at all. Passwords and addresses of databases are not among them. */
const INHERITED = ["LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SystemRoot", "TZ"];

export function cleanEnvironment(): Record<string, string> {
  const inherited = INHERITED.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  const { mark } = systemEnvironment().processes;
  return { ...Object.fromEntries(inherited), ...mark, LC_ALL: "C", AV_LOG_FORCE_NOCOLOR: "1", SVT_LOG: "1" };
}

/** What this machine has for holding another program. */
export interface Confinement {
  readonly prlimit: boolean;
  readonly setpriv: boolean;
}

const PRLIMIT = "/usr/bin/prlimit";
const SETPRIV = "/usr/bin/setpriv";
/** It ends with the process that started it, and cannot gain rights. */
const PRIVILEGES = ["--pdeathsig", "KILL", "--no-new-privs"];

let found: Promise<Confinement> | undefined;

/** Tried once; other systems, and small ones without util-linux, have neither. */
export function confinement(): Promise<Confinement> {
  found ??= tryOut();
  return found;
}

async function tryOut(): Promise<Confinement> {
  const works = async (file: string, given: readonly string[]) =>
    !(await execa(file, [...given, file, "--version"], { stdio: "ignore", reject: false })).failed;
  const [prlimit, setpriv] = await Promise.all([works(PRLIMIT, ["--core=0"]), works(SETPRIV, PRIVILEGES)]);
  return { prlimit, setpriv };
}

/** The command with the limits that the system itself can hold. */
export function confined(command: Command, limits: MediaLimits, { prlimit, setpriv }: Confinement): Command {
  const outer = [
    ...(prlimit ? [PRLIMIT, ...resourceLimits(limits)] : []),
    ...(setpriv ? [SETPRIV, ...PRIVILEGES] : []),
  ];
  const [file, ...rest] = [...outer, command.file, ...command.arguments];
  return { file: file!, arguments: rest };
}

function resourceLimits({ memoryBytes, outputBytes, cpuSeconds }: MediaLimits): string[] {
  const cpu = cpuSeconds === null ? [] : [`--cpu=${cpuSeconds}`];
  return [`--as=${memoryBytes}`, `--fsize=${outputBytes}`, ...cpu, "--core=0"];
}
