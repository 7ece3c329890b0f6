/** The longest line of a handler's log, in bytes; the rest of it is left out. */
export const MAX_LINE_BYTES = 8_192;

const BURST = 1_000;
const LINES_PER_SECOND = 100;

export type LogLevel = "info" | "warn" | "error";

export interface LogLines {
  add(level: LogLevel, text: string): void;
  /** Says how many lines were left out since the last one that was let through. */
  end(): void;
}

/** Lets a handler's log lines through as fast as they can be stored, cleaned of what a database refuses; counts the others. */
export function createLogLines(monotonic: () => number, onLog: (level: LogLevel, message: string) => void): LogLines {
  let room = BURST;
  let filledAt = monotonic();
  let leftOut = 0;

  const tell = () => {
    if (leftOut === 0) return;
    onLog("warn", `${leftOut} log lines were left out: there were more than ${LINES_PER_SECOND} a second`);
    leftOut = 0;
  };
  return {
    add: (level, text) => {
      const now = monotonic();
      room = Math.min(BURST, room + ((now - filledAt) * LINES_PER_SECOND) / 1_000);
      filledAt = now;
      if (room < 1) {
        leftOut += 1;
        return;
      }
      room -= 1;
      tell();
      onLog(level, cleanLine(text));
    },
    end: tell,
  };
}

/** A line as it may be stored: at most `MAX_LINE_BYTES`, well-formed, without NUL and trailing carriage return. */
export function cleanLine(text: string): string {
  const whole = text.slice(0, MAX_LINE_BYTES).replace(/\r$/, "").replaceAll("\0", "\ufffd");
  // Encoding replaces lone surrogates; decoding replaces a character that the cut went through.
  const bytes = Buffer.from(whole, "utf8");
  return bytes.length > MAX_LINE_BYTES
    ? bytes
        .subarray(0, MAX_LINE_BYTES)
        .toString("utf8")
        .replace(/\ufffd$/, "")
    : bytes.toString("utf8");
}
