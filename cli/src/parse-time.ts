const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
type Unit = keyof typeof UNIT_MS;

const DURATION = /^(?:\d+(?:\.\d+)?(?:ms|[smhd]))+$/;
const PART = /(\d+(?:\.\d+)?)(ms|[smhd])/g;

/** Reads `90s`, `10m`, `1h30m`, `500ms`, `2d` as milliseconds. Undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  if (!DURATION.test(text)) return undefined;
  const parts = [...text.matchAll(PART)].map(([, amount, unit]) => Number(amount) * UNIT_MS[unit as Unit]);
  const sum = Math.round(parts.reduce((total, part) => total + part, 0));
  return Number.isSafeInteger(sum) ? sum : undefined;
}

/** What a moment may be written as, for help and errors. */
export const MOMENT_FORMS = "now, +10m, 18:30, 2026-12-24T18:30 or 2026-12-24T18:30Z";

/**
 * Reads a moment: `now`; `+10m`, so long from now; `18:30`, the next time that it is; a date with a time, without a zone
 * in that of this machine. Undefined for anything else.
 */
export function parseMoment(text: string, now: Date): Date | undefined {
  if (text === "now") return now;
  if (text.startsWith("+")) {
    const ahead = parseDuration(text.slice(1));
    return ahead === undefined ? undefined : validDate(new Date(now.getTime() + ahead));
  }
  const clock = /^(\d{1,2}):(\d{2})(?::(\d{2}))?$/.exec(text);
  if (clock)
    return nextTimeOfDay(
      clock.slice(1).map((part) => Number(part ?? 0)),
      now,
    );
  if (!/^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})?$/.test(text)) return undefined;
  return sameDay(text, validDate(new Date(text.replace(" ", "T"))));
}

function nextTimeOfDay([hours = 0, minutes = 0, seconds = 0]: readonly number[], now: Date): Date | undefined {
  if (hours > 23 || minutes > 59 || seconds > 59) return undefined;
  const today = new Date(now);
  today.setHours(hours, minutes, seconds, 0);
  if (today.getTime() <= now.getTime()) today.setDate(today.getDate() + 1);
  return today;
}

function validDate(date: Date): Date | undefined {
  return Number.isNaN(date.getTime()) ? undefined : date;
}

/** Refuses what a calendar does not have, such as 30 February, which JavaScript takes for another day. */
function sameDay(text: string, date: Date | undefined): Date | undefined {
  const days = new Date(`${text.slice(0, 7)}-01T00:00Z`);
  days.setUTCMonth(days.getUTCMonth() + 1, 0);
  return Number(text.slice(8, 10)) <= days.getUTCDate() ? date : undefined;
}
