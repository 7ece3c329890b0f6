import { actionSchema, defineActionType } from "@callsheet/core";

/** An action's own configuration may be anything, and so may that of these types. */
const ANYTHING = actionSchema.shape.configuration;

/** Ends at once with what its configuration says. */
export const echo = defineActionType({
  type: "test.echo",
  version: 1,
  configuration: ANYTHING,
  run: async ({ configuration, log, progress }) => {
    log.info("first line\nsecond line");
    progress(40, "half way");
    return { said: configuration };
  },
});

/** Fails with the `message` of its configuration unless that says `good`. */
export const fussy = defineActionType({
  type: "test.fussy",
  version: 1,
  configuration: ANYTHING,
  run: async ({ configuration: { good, message } }) => {
    if (good !== true) throw Object.assign(new Error(String(message)), { code: "not_good" });
    return message;
  },
});

/** Runs until it is asked to stop. */
export const endless = defineActionType({
  type: "test.endless",
  version: 1,
  configuration: ANYTHING,
  run: ({ signal, log }) => {
    log.info("begun");
    return new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("stopped"))));
  },
});
