import { defineActionType } from "@callsheet/core";
import { z } from "zod";

const CONFIGURATION = z.looseObject({});

/** Ends at once with what its configuration says. */
export const echo = defineActionType({
  type: "test.echo",
  version: 1,
  configuration: CONFIGURATION,
  run: async ({ configuration, log, progress }) => {
    log.info("first line\nsecond line");
    progress(40, "half way");
    return { said: configuration };
  },
});

/** Fails unless its configuration says `good`. */
export const fussy = defineActionType({
  type: "test.fussy",
  version: 1,
  configuration: z.looseObject({ good: z.boolean().default(false), message: z.string().default("It is not good.") }),
  run: async ({ configuration: { good, message } }) => {
    if (!good) throw Object.assign(new Error(message), { code: "not_good" });
    return message;
  },
});

/** Runs until it is asked to stop. */
export const endless = defineActionType({
  type: "test.endless",
  version: 1,
  configuration: CONFIGURATION,
  run: ({ signal, log }) => {
    log.info("begun");
    return new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("stopped"))));
  },
});
