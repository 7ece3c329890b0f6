import type { ExitCode } from "./exit-code.ts";

/** How data is written: for a person, for a pipe (columns between tabs, whole), or as JSON. */
export type OutputFormat = "table" | "tabs" | "json" | "jsonl";

/** The options that every command takes. */
export interface GlobalFlags {
  /** True, or the fields that are wanted. */
  readonly json?: true | readonly string[];
  readonly jsonl?: boolean;
  readonly quiet?: boolean;
  readonly yes?: boolean;
  readonly dataDir?: string;
  readonly databaseUrl?: string;
  readonly secretKeyFile?: string;
  readonly as?: string;
  readonly reason?: string;
}

interface Streams {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
}

interface Surroundings extends Streams {
  readonly variables: NodeJS.ProcessEnv;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}

/** Where a command runs: its streams, its surroundings, how it is to write, and what it will answer to the shell. */
export class Terminal {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly variables: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  /** Empty until the command line has been read; known to every command's action. */
  flags: GlobalFlags = {};
  /** What the shell is told unless the command fails. */
  exitCode: ExitCode = 0;

  constructor(surroundings: Surroundings) {
    this.stdin = surroundings.stdin;
    this.stdout = surroundings.stdout;
    this.stderr = surroundings.stderr;
    this.variables = surroundings.variables;
    this.signal = surroundings.signal;
  }

  get format(): OutputFormat {
    if (this.flags.jsonl) return "jsonl";
    if (this.flags.json !== undefined) return "json";
    return this.stdout.isTTY ? "table" : "tabs";
  }

  /** Whether a person can be asked: what is typed and what is asked both meet a terminal. */
  get canAsk(): boolean {
    return this.stdin.isTTY === true && this.stderr.isTTY === true;
  }

  /** Columns that fit on a line of standard output. A terminal that does not know says 0. */
  get width(): number {
    return this.stdout.columns || 80;
  }

  /** Writes data, on standard output. */
  write(text: string): void {
    this.stdout.write(text);
  }

  /** Writes a remark, on standard error; nothing with --quiet. Ends the line. */
  note(text: string): void {
    if (!this.flags.quiet) this.stderr.write(`${text}\n`);
  }
}
