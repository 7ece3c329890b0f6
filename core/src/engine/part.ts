import type { Catalogue } from "../operations/catalogue.ts";
import type { MediaRoots } from "../operations/media/roots.ts";
import type { Safe } from "../operations/secrets/secrets.ts";
import type { TypeRegistry } from "../operations/type-registry.ts";
import type { Store } from "../store/store.ts";
import type { Bus } from "./bus.ts";
import type { Census } from "./crowd.ts";
import type { Environment } from "./environment.ts";
import type { Scouts } from "./scouts.ts";
import type { EngineLog } from "./service.ts";

/** What every part of the engine is given: the world and the store as values from outside. */
export interface Part {
  readonly store: Store;
  readonly catalogue: Catalogue;
  readonly types: TypeRegistry;
  readonly safe: Safe;
  readonly roots: MediaRoots;
  readonly environment: Environment;
  readonly bus: Bus;
  readonly log: EngineLog;
  readonly census: Census;
  readonly scouts: Scouts;
}
