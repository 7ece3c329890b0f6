import { describe, expect, it } from "vitest";
import { readFailure, versionFromNumber } from "../src/admin.ts";
import { decide, type Observation } from "../src/decide.ts";
import { chooseServerUser, parseMaySetUser, parsePasswd, parseUidMap, type UserFacts } from "../src/run-as.ts";

const file = {
  ...{ pid: 7, dataDirectory: "/d", startedAtSeconds: 1, port: 5432, socketDirectory: "/r", address: "" },
  status: "ready",
};
const stopped: Observation = {
  ...{ cluster: "present", postmaster: "absent", belonging: "gone", answer: "silent", others: [] },
};
const living: Observation = { ...stopped, postmaster: file, belonging: "ours" };

describe("what to do with a data directory", () => {
  it.each<[string, Observation, string]>([
    ["nothing there", { ...stopped, cluster: "absent" }, "initialise"],
    ["stopped in order", stopped, "start"],
    ["answers our password", { ...living, answer: "ours" }, "adopt"],
    ["answers from another pid namespace", { ...living, belonging: "gone", answer: "ours" }, "adopt"],
    ["answers though its process may not be looked at", { ...living, belonging: "unknown", answer: "ours" }, "adopt"],
    ["starting or recovering", { ...living, answer: "not_ready" }, "wait"],
    ["starting in another pid namespace", { ...living, belonging: "gone", answer: "not_ready" }, "wait"],
    ["lives and is silent", living, "wait"],
    ["may live and is silent", { ...living, belonging: "unknown" }, "wait"],
    ["lives and refuses our password", { ...living, answer: "wrong_password" }, "refuse"],
    ["may live and refuses our password", { ...living, belonging: "unknown", answer: "wrong_password" }, "refuse"],
    ["lives while another directory answers", { ...living, answer: "other_directory" }, "refuse"],
    ["killed, children left", { ...living, belonging: "gone", others: [8, 9] }, "wait"],
    ["killed and its pid reused, children left", { ...living, belonging: "other", others: [8] }, "wait"],
    ["spawned, no pid file yet", { ...stopped, others: [8] }, "wait"],
    ["killed, nothing left", { ...living, belonging: "gone" }, "clear_and_start"],
    ["killed, its pid is somebody else's", { ...living, belonging: "other" }, "clear_and_start"],
    [
      "dead, its socket is somebody else's",
      { ...living, belonging: "gone", answer: "wrong_password" },
      "clear_and_start",
    ],
    ["a pid file that a full disk left empty", { ...stopped, postmaster: "broken" }, "clear_and_start"],
    ["dead where processes are hidden", { ...living, belonging: "gone", others: "hidden" }, "start"],
  ])("%s: %s", (_, seen, act) => {
    expect(decide(seen).act).toBe(act);
  });

  it("names whom it waits for or refuses because of", () => {
    expect(decide({ ...living, belonging: "gone", others: [8, 9] })).toMatchObject({ pids: [8, 9] });
    expect(decide({ ...living, answer: "wrong_password" })).toMatchObject({ pids: [7] });
  });

  it.each([
    ["28P01", "wrong_password"],
    ["28000", "wrong_password"],
    ["57P03", "not_ready"],
    ["53300", "not_ready"],
    ["ECONNREFUSED", "silent"],
    ["", "silent"],
  ])("a connection that fails with %s means %s", (code, kind) => {
    expect(readFailure(code)).toBe(kind);
  });

  it("writes a version as people do", () => {
    expect(versionFromNumber(180_004)).toBe("18.4");
    expect(versionFromNumber(150_018)).toBe("15.18");
  });
});

describe("who runs the server", () => {
  const passwd = parsePasswd(
    "root:x:0:0::/:/bin/sh\n#c\nnobody:x:65534:65533::/:/x\npostgres:x:101:104::/:/x\nbad:line\n",
  );
  const root: UserFacts = {
    ...{ uid: 0, gid: 0, own: { name: "root", uid: 0, gid: 0 }, passwd, maySetUser: true },
    ...{ mappedUids: [[0, 2 ** 32]], owner: undefined },
  };
  const ada: UserFacts = { ...root, uid: 1000, gid: 1000, own: { name: "ada", uid: 1000, gid: 1000 } };

  it.each<[string, UserFacts, object]>([
    ["an ordinary user is itself", ada, { name: "ada", uid: 1000, gid: 1000 }],
    ["an ordinary user without capabilities too", { ...ada, maySetUser: false }, { name: "ada" }],
    ["root becomes postgres", root, { name: "postgres", switch: { uid: 101, gid: 104 } }],
    ["root becomes nobody without postgres", { ...root, passwd: passwd.slice(0, 2) }, { name: "nobody" }],
    ["root goes on as the owner of its directory", { ...root, owner: 65534 }, { name: "nobody" }],
    ["a stranger's directory changes nothing", { ...root, owner: 1000 }, { name: "postgres" }],
    ["users that are not mapped are passed over", { ...root, mappedUids: [[0, 102]] }, { name: "postgres" }],
    [
      "postgres named but root in truth",
      { ...root, passwd: parsePasswd("postgres:x:0:0::/:\nnobody:x:9:9::/:") },
      { uid: 9 },
    ],
  ])("%s", (_, facts, user) => {
    expect(chooseServerUser(facts)).toMatchObject(user);
  });

  it.each<[string, UserFacts, string, string]>([
    ["no passwd entry", { ...ada, own: undefined }, "no_passwd_entry", "User 1000 has no entry"],
    ["root without CAP_SETUID", { ...root, maySetUser: false }, "setuid_refused", "may not change its user"],
    ["only uid 0 mapped", { ...root, mappedUids: [[0, 1]] }, "setuid_refused", "only user 0 exists"],
    ["root without anybody else", { ...root, passwd: passwd.slice(0, 1) }, "no_passwd_entry", "no unprivileged user"],
  ])("%s is refused", (_, facts, code, words) => {
    const choose = () => chooseServerUser(facts);
    expect(choose).toThrow(expect.objectContaining({ code, message: expect.stringContaining(words) }));
    expect(choose).toThrow(expect.objectContaining({ hint: expect.stringContaining("DATABASE_URL") }));
  });

  it("reads uid maps and capabilities", () => {
    expect(parseUidMap("         0       1000          1\n")).toEqual([[0, 1]]);
    expect(parseUidMap("0 0 4294967295\n")).toEqual([[0, 4_294_967_295]]);
    expect(parseMaySetUser("CapEff:\t000001ffffffffff\n")).toBe(true);
    expect(parseMaySetUser("CapEff:\t0000000000000080\n")).toBe(false);
    expect(parseMaySetUser("CapEff:\t0000000000000000\n")).toBe(false);
    expect(parseMaySetUser("")).toBe(true);
  });
});
