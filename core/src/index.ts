export * from "@callsheet/contract";
export type { ActionHandle, Actions } from "./actions.ts";
export { Callsheet } from "./callsheet.ts";
export type { EngineOptions as CallsheetOptions } from "./engine/engine.ts";
export { type Environment, systemEnvironment } from "./engine/environment.ts";
export type { Node } from "./engine/node.ts";
export type { NodeOptions } from "./engine/node-options.ts";
export {
  type DatabaseFacts,
  type DatabasePlace,
  inspectDatabase,
  migrateDatabase,
  type StandingNode,
} from "./inspect-database.ts";
export type { Created, Jobs } from "./jobs.ts";
export type { Limits } from "./limits.ts";
export type { Locks } from "./locks.ts";
export type { ActionDefinition } from "./operations/actions.ts";
export type { Pauses } from "./pauses.ts";
export type { Resources } from "./resources.ts";
export type { CallerTransaction } from "./store/database.ts";
