export type { Binaries, FindBinariesOptions } from "./binaries.ts";
export { findBinaries } from "./binaries.ts";
export type { Connection } from "./connection-file.ts";
export type { PostgresErrorCode } from "./errors.ts";
export { POSTGRES_ERROR_CODES, PostgresError } from "./errors.ts";
export { defaultDataDir } from "./home.ts";
export type { PrivateServer, PrivateServerOptions } from "./server.ts";
export { openPrivateServer } from "./server.ts";
