/** A line that a handler logged. */
export interface LogLine {
  readonly attempt: number;
  /** Numbers the lines of an attempt from 1. */
  readonly n: number;
  readonly at: Date;
  readonly level: string;
  readonly message: string;
}

/** A configuration that was replaced. */
export interface Amendment {
  readonly version: number;
  readonly configuration: unknown;
  readonly difference: unknown;
  readonly at: Date;
  readonly actor: string;
  readonly reason: string | null;
}
