import { expect, test } from "vitest";
import { type Found, type Place, type Scout, Scouts } from "../../src/engine/scouts.ts";

const [LANE, OTHER, WHOLE] = [7, 8, "7,8"];
const SOME: Found = { count: 1, mayLeaveSome: false, sawAll: true };
const NONE: Found = { count: 0, mayLeaveSome: false, sawAll: true };
const ALL_WANTED: Found = { count: 4, mayLeaveSome: true, sawAll: false };

/** Nodes of one process, at a time that the test moves; `sent` names those that were sent, in order. */
function aProcess(names: readonly string[], processes = 1) {
  let now = 0;
  let timers: { at: number; call: () => void }[] = [];
  const after = (ms: number, call: () => void) => {
    const timer = { at: now + ms, call };
    timers.push(timer);
    const cancel = () => {
      timers = timers.filter((one) => one !== timer);
    };
    return { cancel };
  };
  const environment = { monotonic: () => now, random: () => 1, timers: { after } as never };
  const scouts = new Scouts({ environment, census: { processes } });
  const sent: string[] = [];
  const nodes = new Map<string, Scout>(names.map((name) => [name, { send: () => void sent.push(name) }]));
  const pass = (ms: number) => {
    now += ms;
    const due = timers.filter(({ at }) => at <= now);
    timers = timers.filter(({ at }) => at > now);
    for (const { call } of due) call();
  };
  /** A look begins; it is over, and so is the rest after it, when it is told what it found. */
  const looks = (name: string, sees: (place: Place) => boolean = () => true) => {
    const looked = scouts.look(nodes.get(name)!, WHOLE, sees);
    return (found: Found | undefined) => {
      looked(found);
      pass(0);
    };
  };
  return {
    sent,
    looks,
    /** Jobs came to a lane, and these nodes hear of them. */
    came: async (place: Place = LANE, who = names) => {
      for (const name of who) scouts.hear(place, nodes.get(name)!);
      await Promise.resolve();
    },
    find: (name: string, found: Found | undefined) => looks(name)(found),
    wasSeen: (inMs: number) => scouts.wasSeen(WHOLE, inMs),
    back: (name: string) => scouts.back(nodes.get(name)!),
    leave: (name: string) => scouts.leave(nodes.get(name)!),
    pass,
  };
}

test.each([
  ["some, and not all that it had room for", SOME],
  ["none", NONE],
])("one node looks for what all heard of: when it found %s, nobody else needs to", async (_, found) => {
  const { came, find, pass, sent } = aProcess(["a", "b", "c"]);
  await came();
  find("a", found);
  pass(60_000);
  expect(sent).toEqual(["a"]);
});

test("a node that found all that it had room for leaves the rest to the next, and so on", async () => {
  const { came, find, back, sent } = aProcess(["a", "b", "c"]);
  await came();
  for (const name of ["a", "b", "c"]) {
    find(name, ALL_WANTED);
    back(name);
  }
  expect(sent).toEqual(["a", "b", "c"]);
});

test("a node that looks on by itself sends nobody, and leaves nothing when it has found the end", async () => {
  const { came, find, back, sent } = aProcess(["a", "b"]);
  await came();
  find("a", ALL_WANTED);
  find("a", ALL_WANTED);
  find("a", SOME);
  back("a");
  expect(sent).toEqual(["a"]);
});

test("after a node that was sent as much time passes as its look took, and 50 ms at most", async () => {
  const { came, looks, pass, sent } = aProcess(["a"]);
  for (const [tookMs, restMs] of [
    [8, 8],
    [200, 50],
  ] as const) {
    await came();
    const before = sent.length;
    const looked = looks("a");
    await came();
    pass(tookMs);
    looked(SOME);
    pass(restMs - 1);
    expect(sent).toHaveLength(before);
    pass(1);
    expect(sent).toHaveLength(before + 1);
    looks("a")(SOME);
    pass(restMs);
  }
});

test("nodes that look by themselves again and again keep nobody from being sent", async () => {
  const { came, find, looks, back, pass, sent } = aProcess(["a", "b", "c"]);
  find("b", SOME);
  await came();
  back("b");
  expect(sent).toEqual(["b", "a"]);
  await came();
  const looked = looks("c");
  pass(8);
  looked(ALL_WANTED);
  back("a");
  back("c");
  expect(sent).toEqual(["b", "a", "b"]);
});

test("a node that could not look, or may take nothing, has not looked for the others", async () => {
  const { came, find, sent } = aProcess(["a", "b"]);
  await came();
  find("a", undefined);
  expect(sent).toEqual(["a", "b"]);
});

test("a node that has no room is back at once, and the next goes", async () => {
  const { came, back, sent } = aProcess(["a", "b"]);
  await came();
  back("a");
  back("b");
  expect(sent).toEqual(["a", "b"]);
});

test("the node that looked last goes first, unless that went wrong", async () => {
  const { came, find, sent } = aProcess(["a", "b", "c"]);
  find("b", SOME);
  find("c", SOME);
  await came();
  find("c", SOME);
  find("b", SOME);
  await came();
  find("b", undefined);
  find("c", SOME);
  await came();
  expect(sent).toEqual(["c", "b", "c", "c"]);
});

test("what comes while a node looks is looked for when it is back", async () => {
  const { came, looks, sent } = aProcess(["a", "b"]);
  await came();
  const looked = looks("a");
  await came();
  await came();
  expect(sent).toEqual(["a"]);
  looked(NONE);
  expect(sent).toEqual(["a", "a"]);
});

test("a node of which nothing is heard for long keeps nobody from looking: one that was sent, and one that looks", async () => {
  const { came, looks, pass, sent } = aProcess(["a", "b", "c"]);
  await came();
  pass(250);
  expect(sent).toEqual(["a", "b"]);
  const looked = looks("b");
  pass(250);
  expect(sent).toEqual(["a", "b", "c"]);
  looked(NONE);
  pass(60_000);
  expect(sent).toEqual(["a", "b", "c"]);
});

test("what a node cannot see is left to those that can", async () => {
  const { came, looks, back, sent } = aProcess(["a", "b", "c"]);
  await came(OTHER, ["b", "c"]);
  looks("a", (place) => place === LANE)(NONE);
  back("b");
  expect(sent).toEqual(["b", "c"]);
});

test("nodes that are told that something waits somewhere are no crowd: each word is followed at once", async () => {
  const { came, find, sent } = aProcess(["a"], 100);
  for (let n = 0; n < 9; n++) {
    await came(WHOLE);
    find("a", NONE);
  }
  expect(sent).toHaveLength(9);
});

test("a node that leaves is not sent", async () => {
  const { came, find, leave, sent } = aProcess(["a", "b", "c"]);
  await came();
  leave("b");
  find("a", undefined);
  expect(sent).toEqual(["a", "c"]);
});

test("one node alone is sent each time, and told nothing more until it looks", async () => {
  const { came, find, sent } = aProcess(["a"]);
  await came();
  await came();
  find("a", SOME);
  await came();
  expect(sent).toEqual(["a", "a"]);
});

test("others are left a start as one process among many", async () => {
  const { came, pass, sent } = aProcess(["a", "b"], 100);
  await came();
  pass(99);
  expect(sent).toEqual([]);
  pass(2);
  expect(sent).toEqual(["a"]);
});

test("a look that others lead to counts, for all nodes of the process", async () => {
  const { came, find, pass, sent } = aProcess(["a", "b", "c"]);
  await came();
  find("a", NONE);
  find("b", NONE);
  await came();
  find("b", NONE);
  await came();
  expect(sent).toEqual(["a", "b"]);
  pass(8);
  expect(sent).toEqual(["a", "b", "b"]);
});

test("that a node could not look says nothing of others", async () => {
  const { came, find, sent } = aProcess(["a"]);
  for (let n = 0; n < 9; n++) {
    await came();
    find("a", undefined);
  }
  expect(sent).toHaveLength(9);
});

test("what one node has seen all of, the others need not look at now and then", () => {
  const { find, wasSeen, pass } = aProcess(["a", "b"]);
  for (const found of [ALL_WANTED, { ...NONE, sawAll: false }, undefined]) find("a", found);
  expect(wasSeen(5_000)).toBe(false);
  find("a", SOME);
  pass(4_999);
  expect(wasSeen(5_000)).toBe(true);
  pass(1);
  expect(wasSeen(5_000)).toBe(false);
});
