import type { JobContext, JsonObject } from "@callsheet/contract";
import type { Channel } from "./channel.ts";

const EVERY_MS = 50;
const MAX_MESSAGE = 8_192;

export interface ProgressReporter {
  readonly report: JobContext["progress"];
  /** Sends what was reported last, if it has not been sent. */
  flush(): void;
}

/** Sends the latest progress at most twenty times a second: a handler may report a million times. */
export function createProgress(channel: Channel): ProgressReporter {
  let latest: { percent: number; message: string | null; stats: JsonObject | null } | undefined;
  let sentAt = Number.NEGATIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;

  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    if (latest === undefined) return;
    const { percent, message, stats } = latest;
    latest = undefined;
    sentAt = performance.now();
    channel.send({ kind: "progress", percent, message, stats: plain(stats) });
  };
  return {
    report: (percent, message, stats) => {
      // What is no number says nothing, and must not end a job that works.
      if (!Number.isFinite(percent)) return;
      latest = {
        percent: Math.min(100, Math.max(0, percent)),
        message: message === undefined ? null : String(message).slice(0, MAX_MESSAGE),
        stats: stats ?? null,
      };
      // Looked at here and not only by a timer: a handler that never gives back the event loop reports, too.
      if (performance.now() - sentAt >= EVERY_MS) flush();
      else timer ??= setTimeout(flush, EVERY_MS).unref();
    },
    flush,
  };
}

/** Stats as JSON; none when they cannot be that. */
function plain(stats: JsonObject | null): JsonObject | null {
  try {
    const text = JSON.stringify(stats);
    const value = text.length > 65_536 ? null : (JSON.parse(text) as unknown);
    return typeof value === "object" && !Array.isArray(value) ? (value as JsonObject | null) : null;
  } catch {
    return null;
  }
}
