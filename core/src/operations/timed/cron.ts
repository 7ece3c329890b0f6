import { callsheetError, type WallRule } from "@callsheet/contract";
import { Cron } from "croner";

const LATEST = Date.UTC(9999, 0, 1);

/**
 * Reads a cron line as local times: the library is asked by the clock of UTC, which is never set, and its timers are not used. What
 * happens when clocks are set is said by the timed action. Fails with `invalid_argument`, also for a line that names no day that
 * there is.
 */
export function parseCron(expression: string): WallRule {
  const cron = read(expression);
  return {
    after: (wall) => {
      const next = wall >= LATEST ? null : cron.nextRun(new Date(wall));
      return next === null || next.getTime() >= LATEST ? null : next.getTime();
    },
  };
}

function read(expression: string): Cron {
  try {
    return new Cron(expression, { timezone: "UTC", paused: true });
  } catch (error) {
    const why = (error as Error).message.replace(/^CronPattern: /, "");
    throw callsheetError("invalid_argument", `"${expression}" is no cron line: ${why}.`, { field: "rule.expression" });
  }
}
