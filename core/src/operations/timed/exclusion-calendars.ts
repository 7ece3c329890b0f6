import {
  type Authority,
  callsheetError,
  type ExclusionCalendar,
  type ExclusionCalendarInput,
  exclusionCalendarSchema,
  isCallsheetError,
} from "@callsheet/contract";
import type { Statements } from "../../store/store.ts";
import { storableJson } from "../configuration.ts";
import { type Desk, insist } from "../operate.ts";
import { nextAfter, wait } from "./arm.ts";
import { calendarFor } from "./calendar.ts";
import { unknownCalendar } from "./require-calendars.ts";
import { operateTimed } from "./switch.ts";

/** One by its name. Fails with `unknown_calendar`. */
export async function getCalendar(store: Pick<Statements, "readCalendars">, name: string): Promise<ExclusionCalendar> {
  const [found] = typeof name === "string" ? await store.readCalendars(name) : [];
  if (found === undefined) throw unknownCalendar([name]);
  return found;
}

/** Makes a calendar, or replaces the one of this name, and looks anew at when the timed actions are due that use it. */
export async function putCalendar(
  desk: Desk,
  input: ExclusionCalendarInput,
  { actor, reason }: Authority,
): Promise<ExclusionCalendar> {
  const definition = readCalendar(input);
  await insist(() => desk.store.once((tx) => tx.putCalendar({ definition, actor, reason: reason ?? null })));
  const calendar = await getCalendar(desk.store, definition.name);
  // Whatever is decided from now on follows the new exclusions, also where this breaks off.
  for (const name of calendar.usedBy) await armAnew(desk, name).catch(excuseGone);
  return calendar;
}

function readCalendar(input: unknown): ReturnType<typeof exclusionCalendarSchema.parse> {
  const parsed = exclusionCalendarSchema.safeParse(input);
  if (parsed.success) {
    storableJson(parsed.data, "calendar");
    return parsed.data;
  }
  const problems = parsed.error.issues.map(({ path, message }) => ({ field: path.join("."), problem: message }));
  const list = problems.map(({ field, problem }) => (field ? `${field}: ${problem}` : problem)).join("; ");
  throw callsheetError("invalid_argument", `The calendar cannot be used: ${list}.`, { problems });
}

/** Says anew when a timed action is due next: jitter delays only what runs. */
async function armAnew(desk: Desk, name: string): Promise<void> {
  await operateTimed(desk, name, async (tx, timed, job) => {
    const { id, mark, dueAt, isArmed } = timed;
    if (dueAt === null || calendarFor(timed) === null) return;
    const next = nextAfter(timed, mark);
    await tx.placeTimed(id, { mark, ...next });
    if (isArmed) await wait(tx, job.id, next.dueAt);
  });
}

/** Deletes a calendar that no timed action uses. Fails with `unknown_calendar`, `calendar_in_use`. */
export function deleteCalendar({ store }: Pick<Desk, "store">, name: string): Promise<void> {
  return insist(() =>
    store.once(async (tx) => {
      await getCalendar(tx, name);
      await tx.lockCalendar(name);
      const { usedBy } = await getCalendar(tx, name);
      if (usedBy.length > 0)
        throw callsheetError("calendar_in_use", `The calendar "${name}" is used by ${usedBy.join(", ")}.`, {
          calendar: name,
          timedActions: usedBy,
        });
      await tx.deleteCalendar(name);
    }),
  );
}

function excuseGone(error: unknown): void {
  if (!isCallsheetError(error) || !["unknown_timed_action", "job_not_found"].includes(error.code)) throw error;
}
