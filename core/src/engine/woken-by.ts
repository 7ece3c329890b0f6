import type { Hint } from "../operations/hint.ts";
import type { Bus } from "./bus.ts";
import type { Service } from "./service.ts";

/** A service that hints wake as well, those that it is told are a cause; `undefined`: some may have been missed. */
export function wokenBy(bus: Bus, service: Service, isCause: (hint: Hint | undefined) => boolean): Service {
  const unsubscribe = bus.subscribe((hint) => {
    if (isCause(hint)) service.wake();
  });
  return {
    wake: service.wake,
    stop: async () => {
      unsubscribe();
      await service.stop();
    },
  };
}
