export { countTimers } from "./count-timers.ts";
export { expectSound } from "./expect-sound.ts";
export type { ManualClock } from "./manual-clock.ts";
export { aGroup, type PlacedGroup } from "./place-group.ts";
export { aJob, aNode, anAction, type JobPlan, type PlacedJob } from "./place-job.ts";
export { runUntilIdle } from "./run-until-idle.ts";
export { openTestDatabase, type TestDatabase, type TestDatabaseOptions } from "./test-database.ts";
export { openTestServer, type TestServer } from "./test-server.ts";
export { until, type WaitOptions } from "./until.ts";
