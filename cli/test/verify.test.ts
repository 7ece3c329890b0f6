import { INVARIANTS } from "@callsheet/contract";
import { aJob, openTestDatabase } from "@callsheet/core/testing";
import { describe, expect, it, onTestFinished } from "vitest";
import { callsheetWith } from "./command.ts";

async function aSystem() {
  const database = await openTestDatabase();
  onTestFinished(() => database.close());
  const verify = (...args: readonly string[]) => callsheetWith({ DATABASE_URL: database.url }, "verify", ...args).ended;
  const { id } = await aJob(database, { state: "completed" });
  await aJob(database);
  return { database, id, verify };
}

describe("callsheet verify", () => {
  it("says what was looked at, and that all is sound", async () => {
    const { verify } = await aSystem();
    const { exitCode, stdout, stderr } = await verify();
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(stdout).toMatch(
      /^Looked at 2 jobs with 3 lines of history, 0 claims, 0 pools, 0 held objects, 0 timed actions, 1 node, in .*\.\n/,
    );
    expect(stdout).toContain(`sound  All ${Object.keys(INVARIANTS).length} invariants hold.`);
  });

  it("names what is broken, whose it is and where, and answers 1", async () => {
    const { database, id, verify } = await aSystem();
    await database.db.query({ text: "delete from callsheet.work", values: [] });
    await database.db.query({
      text: "update callsheet.outcome set from_state = 'scheduled', via = '{pending,running}'",
      values: [],
    });
    const { exitCode, stdout } = await verify();
    expect(exitCode).toBe(1);
    expect(stdout).toContain(`I02  ${INVARIANTS.I02}  (1 time)`);
    expect(stdout).toContain(`job ${id}, line 1 and 2: It begins in scheduled; the line before ended in pending.`);
    expect(stdout).toMatch(/S01 .*\n {5}job .*: It stands nowhere: it is lost\.\n/);
    expect(stdout).toMatch(/broken {2}2 of \d+ invariants\.\n$/);
  });

  it("tells a script the same, and as many findings as it asks for", async () => {
    const { database, verify } = await aSystem();
    for (let n = 0; n < 3; n++) await aJob(database);
    await database.db.query({ text: "delete from callsheet.work", values: [] });
    const { exitCode, stdout } = await verify("--most", "1", "--json");
    expect(exitCode).toBe(1);
    const told = JSON.parse(stdout);
    expect(told).toMatchObject({
      isSound: false,
      checked: { jobs: 5 },
      counts: { S01: 4 },
      findings: [{ invariant: "S01" }],
    });
    expect((await verify("--most", "1")).stdout).toContain("… and 3 more; --most tells more of them");
  });
});
