import { expect, test } from "vitest";
import { Bus } from "../../src/engine/bus.ts";
import { type Environment, systemEnvironment } from "../../src/index.ts";
import type { Store } from "../../src/store/store.ts";

interface Planned {
  readonly inMs: number;
  readonly run: () => void;
}

/** A bus whose clock stands, what it sends, and what it will do later. */
function aBus() {
  const place = { now: 1_000, sent: [] as string[], planned: [] as Planned[], tell: (_: string) => {} };
  const plan = (inMs: number, run: () => void) => {
    const one = { inMs, run };
    place.planned.push(one);
    return { cancel: () => void place.planned.splice(place.planned.indexOf(one), 1) };
  };
  const system = systemEnvironment();
  const timers = { ...system.timers, after: plan, soon: (run: () => void) => void plan(0, run) };
  const environment: Environment = { ...system, monotonic: () => place.now, timers };
  const notify = async (payload: string) => void place.sent.push(payload.split(" ").slice(1).sort().join(" "));
  const listen: Store["listen"] = async (tell) => {
    place.tell = tell;
    return { close: async () => {} };
  };
  const bus = new Bus({ notify, listen } as Partial<Store> as Store, environment, { error: () => {} });
  const runPlanned = () => {
    for (const { inMs, run } of place.planned.splice(0)) {
      place.now += inMs;
      run();
    }
  };
  return { bus, place, runPlanned };
}

test("that units came back is told at once, then every 25 ms at most: with most ends of jobs that take some, they do", () => {
  const { bus, place, runPlanned } = aBus();
  bus.publish({ kind: "pool", poolId: 1 });
  expect(place.planned.map(({ inMs }) => inMs)).toEqual([0]);
  runPlanned();
  expect(place.sent).toEqual(["p1"]);
  place.now += 3;
  bus.publish({ kind: "pool", poolId: 1 });
  bus.publish({ kind: "pool", poolId: 2 });
  expect(place.planned.map(({ inMs }) => inMs)).toEqual([22]);
  runPlanned();
  expect(place.sent).toEqual(["p1", "p1 p2"]);
});

test("other hints do not wait for those, and take them along", () => {
  const { bus, place, runPlanned } = aBus();
  bus.publish({ kind: "pool", poolId: 1 });
  runPlanned();
  place.now += 1;
  bus.publish({ kind: "pool", poolId: 1 });
  place.now += 1;
  bus.publish({ kind: "due" });
  bus.publish({ kind: "pool", poolId: 2 });
  expect(place.planned.map(({ inMs }) => inMs)).toEqual([3]);
  runPlanned();
  expect(place.sent).toEqual(["p1", "d p1 p2"]);
  expect(place.planned).toEqual([]);
});

test.each([
  { isRush: true, sent: "a250:1600:rush" },
  { isRush: false, sent: "a250:1600:long" },
])("a round of admission is told to other processes as it was: $sent", async ({ isRush, sent }) => {
  const [here, there] = [aBus(), aBus()];
  const heard: unknown[] = [];
  there.bus.subscribe((hint) => heard.push(hint));
  await there.bus.listen();
  const hint = { kind: "admission", stood: 250, gapMs: 1_600, isRush } as const;
  here.bus.publish(hint);
  here.runPlanned();
  expect(here.place.sent).toEqual([sent]);
  there.place.tell(`other ${here.place.sent[0]}`);
  expect(heard).toEqual([undefined, hint]);
});
