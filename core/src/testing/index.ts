export { type ManualClock, openManualClock } from "./manual-clock.ts";
export { aJob, aNode, type JobPlan, type PlacedJob } from "./place-job.ts";
export { openTestDatabase, type TestDatabase, type TestDatabaseOptions } from "./test-database.ts";
export { openTestServer, type TestServer } from "./test-server.ts";
export { runUntilIdle, until, type WaitOptions } from "./wait.ts";
