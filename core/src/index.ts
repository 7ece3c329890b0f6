export * from "@callsheet/contract";
export type { ActionHandle, Actions } from "./actions.ts";
export type { Assets } from "./assets.ts";
export { Callsheet } from "./callsheet.ts";
export type { Collections } from "./collections.ts";
export type { ElsewhereWork } from "./elsewhere.ts";
export type { WorkOptions } from "./engine/engine.ts";
export type { EngineOptions as CallsheetOptions } from "./engine/engine-options.ts";
export { type Environment, systemEnvironment } from "./engine/environment.ts";
export type { Node } from "./engine/node.ts";
export type { NodeOptions, StoredEnds } from "./engine/node-options.ts";
export { type ExportFacts, exportDatabase } from "./export-database.ts";
export type { Groups } from "./groups.ts";
export { type ImportFacts, importDatabase } from "./import-database.ts";
export {
  type DatabaseFacts,
  type DatabasePlace,
  inspectDatabase,
  makeDatabase,
  migrateDatabase,
  type StandingNode,
} from "./inspect-database.ts";
export type { Created, Jobs } from "./jobs.ts";
export type { Limits } from "./limits.ts";
export type { Locks } from "./locks.ts";
export type { Nodes } from "./nodes.ts";
export type { ActionDefinition } from "./operations/actions.ts";
export type { QueueImport, QueueJobInput } from "./operations/queues/add.ts";
export type { QueueChange, QueueEntry } from "./operations/queues/change.ts";
export type { QueueCancel } from "./operations/queues/remove.ts";
export type { Pauses } from "./pauses.ts";
export type { OpenQueue, Queues } from "./queues.ts";
export type { Resources } from "./resources.ts";
export type { Retention } from "./retention.ts";
export { addSecretKey, type HeldKeys, holdSecretKeys, initSecretKeys, type MadeKey } from "./secret-keys.ts";
export type { Secrets } from "./secrets.ts";
export type { CallerTransaction } from "./store/database.ts";
export type { FeedCursor, FeedLine } from "./store/queue-feed.ts";
export type { QueueRecord } from "./store/queue-jobs.ts";
export type { Timed } from "./timed.ts";
