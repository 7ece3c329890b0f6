import { isPassing } from "../store/failure.ts";
import type { Part } from "./part.ts";

const PAUSE_MS = 200;

/** Does work again as long as the database is away, and somebody still wants it. The work must not mind being done twice. */
export async function whileAway<T>(
  { environment, log }: Pick<Part, "environment" | "log">,
  where: string,
  work: () => Promise<T>,
  isWanted: () => boolean = () => true,
): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!isPassing(error) || !isWanted()) throw error;
      log.error(where, error);
      await new Promise<void>((resolve) => void environment.timers.after(PAUSE_MS, resolve));
    }
  }
}
