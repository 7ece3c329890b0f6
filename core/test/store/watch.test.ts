import { expect, test } from "vitest";
import { Watch } from "../../src/store/driver/watch.ts";

/** A watch in a world of its own, whose time moves by hand. */
function aWatch() {
  const world = { now: 0, heard: 0, silences: [] as number[], timersSet: 0 };
  const timers = new Map<object, { readonly at: number; readonly call: () => void }>();
  const unread: (() => void)[] = [];
  const watch = new Watch({
    clock: {
      monotonic: () => world.now,
      timers: {
        after: (ms, call) => {
          const timer = { cancel: () => void timers.delete(timer) };
          timers.set(timer, { at: world.now + ms, call });
          world.timersSet += 1;
          return timer;
        },
        soon: (call) => void unread.push(call),
      },
    },
    heard: () => world.heard,
    onSilence: (ms) => void world.silences.push(ms),
  });
  /** Lets the time pass to an instant; `read`: what this process reads of its connection once the timers have rung. */
  const pass = (to: number, read = () => {}) => {
    for (;;) {
      const next = [...timers].sort(([, a], [, b]) => a.at - b.at)[0];
      if (!next || next[1].at > to) break;
      timers.delete(next[0]);
      world.now = Math.max(world.now, next[1].at);
      next[1].call();
      read();
      for (const call of unread.splice(0)) call();
    }
    world.now = to;
  };
  return { watch, world, pass, pending: () => timers.size };
}

test("a question that is not answered in its time ends the connection, not before", () => {
  const { watch, world, pass } = aWatch();
  watch.asked(100);
  pass(99);
  expect(world.silences).toEqual([]);
  pass(100);
  expect(world.silences).toEqual([100]);
});

test("a thousand questions that are answered set a timer or two", () => {
  const { watch, world, pass, pending } = aWatch();
  for (let n = 1; n <= 1_000; n++) {
    watch.asked(100);
    pass(n * 0.15);
    watch.answered();
  }
  expect(world.timersSet).toBeLessThanOrEqual(2);
  pass(1_000);
  expect(world.silences).toEqual([]);
  expect(pending()).toBe(0);
});

test("each question has its time from when it is the oldest", () => {
  const { watch, world, pass } = aWatch();
  watch.asked(1_000);
  watch.asked(50);
  pass(900);
  expect(world.silences).toEqual([]);
  watch.answered();
  pass(949);
  expect(world.silences).toEqual([]);
  pass(950);
  expect(world.silences).toEqual([50]);
});

test("an answer that lay unread while this process was busy is no silence", () => {
  const { watch, world, pass } = aWatch();
  watch.asked(100);
  pass(5_000, () => watch.answered());
  expect(world.silences).toEqual([]);
});

test("an answer that comes in pieces is no silence, as long as pieces come", () => {
  const { watch, world, pass } = aWatch();
  watch.asked(100);
  for (let n = 1; n <= 10; n++) {
    pass(n * 90);
    world.heard += 1;
  }
  expect(world.silences).toEqual([]);
  pass(2_000);
  expect(world.silences).toEqual([100]);
});

test("a connection that has ended is not watched any more", () => {
  const { watch, world, pass, pending } = aWatch();
  watch.asked(100);
  watch.stop();
  watch.asked(100);
  expect(pending()).toBe(0);
  pass(1_000);
  expect(world.silences).toEqual([]);
});
