import fc from "fast-check";
import { expect, test } from "vitest";
import {
  BEAT_AGAIN_MS,
  BEAT_MS,
  CHANCE_MS,
  LONGEST_GAP_MS,
  LOOK_MS,
  SILENCE_MS,
} from "../../src/engine/heartbeat/times.ts";
import { lateIn, nextLookMs, type Observation, observe, silentIn } from "../../src/engine/observation.ts";

// A made-up world of one node and several observers, all of whom lose the database, stand still, and are born again, as the dice say.
// The database has a clock of its own; each observer has one, too, and notes for the others what it saw.

interface Span {
  readonly from: number;
  readonly to: number;
}
interface World {
  readonly outages: readonly Span[];
  /** By observer: when it stands still, and when it has died and another began in its place. */
  readonly pauses: readonly (readonly Span[])[];
  readonly deaths: readonly (readonly number[])[];
  /** When the node beats for the last time; then it is silent. */
  readonly lastBeatAt: number;
  /** How long the node waits after a beat that failed, in turn. */
  readonly waits: readonly number[];
}

const STEP_MS = 50;
const TOLD = 30_000;
const isIn = (spans: readonly Span[], at: number) => spans.some(({ from, to }) => at >= from && at < to);
/** How much of the time between two moments the database answered, but for outages so short that they may fall between two looks. */
const upBetween = (outages: readonly Span[], from: number, to: number) => {
  const noticed = outages.filter((outage) => outage.to - outage.from > LONGEST_GAP_MS);
  let up = 0;
  for (let at = from; at < to; at += STEP_MS) if (!isIn(noticed, at)) up += STEP_MS;
  return up;
};

/** Plays a world; answers when somebody judged, and the latest heartbeat before. */
function play({ outages, pauses, deaths, lastBeatAt, waits }: World, untilMs: number) {
  let [counter, beatenAt, nextBeat, tries] = [1, 0, BEAT_MS, 0];
  let noted = { counter: 0, ms: 0, at: 0 };
  const observers = pauses.map((spans, n) => ({
    ...{
      spans,
      deaths: deaths[n]!,
      offset: 1_000_000 * (n + 1),
      seen: undefined as Observation | undefined,
      next: 300 * n,
    },
  }));
  for (let at = 0; at < untilMs; at += STEP_MS) {
    if (at >= nextBeat && nextBeat <= lastBeatAt) {
      if (isIn(outages, at)) nextBeat = at + waits[tries++ % waits.length]!;
      else [counter, beatenAt, nextBeat] = [counter + 1, at, at + BEAT_MS];
    }
    for (const one of observers) {
      if (one.deaths.some((death) => death >= at && death < at + STEP_MS))
        [one.seen, one.next] = [undefined, at + 1_500];
      if (at < one.next || isIn(one.spans, at)) continue;
      if (isIn(outages, at)) {
        [one.seen, one.next] = [undefined, at + 1_000];
        continue;
      }
      const now = at + one.offset;
      const isNoted = noted.counter === counter;
      const [notedMs, notedAgoMs] = [isNoted ? noted.ms : 0, at - noted.at];
      const heartbeat = { id: 1, name: "n", host: "h", bootId: "b", pid: 1, pidStarted: "1", incarnation: "i" };
      const heartbeats = [{ ...heartbeat, counter: `${counter}`, notedMs, notedAgoMs }];
      one.seen = observe(one.seen, { askedAt: now, answeredAt: now, heartbeats });
      for (const { silentMs } of lateIn(one.seen))
        if (!isNoted || silentMs > noted.ms) noted = { counter, ms: silentMs, at };
      if (silentIn(one.seen).length > 0) return { at, beatenAt };
      one.next = at + nextLookMs(one.seen);
    }
  }
  return undefined;
}

const span = (longest: number) =>
  fc.tuple(fc.nat(TOLD), fc.integer({ min: 1, max: longest })).map(([from, ms]) => ({ from, to: from + ms }));
const someOf = <T>(one: fc.Arbitrary<T>, maxLength: number) => fc.array(one, { maxLength });
const OBSERVERS = 3;
const forEach = <T>(one: fc.Arbitrary<T>) => fc.array(one, { minLength: OBSERVERS, maxLength: OBSERVERS });
const aWorld = (lastBeatAt: fc.Arbitrary<number>, outages: fc.Arbitrary<readonly Span[]>): fc.Arbitrary<World> =>
  fc.record({
    lastBeatAt,
    outages,
    pauses: forEach(someOf(span(20_000), 3)),
    deaths: forEach(someOf(fc.nat(TOLD), 4)),
    waits: fc.array(fc.integer({ min: 50, max: 2 * BEAT_AGAIN_MS }), { minLength: 1, maxLength: 9 }),
  });

test("however often observers die, stand still and lose the database, a node that beats whenever it can is not judged", () => {
  const world = aWorld(fc.constant(Number.POSITIVE_INFINITY), someOf(span(15_000), 4));
  fc.assert(
    fc.property(world, (one) => {
      expect(play(one, 60_000)).toBeUndefined();
    }),
    { numRuns: 300 },
  );
});

test("one that is silent is judged after that much time in which the database answered, and no less", () => {
  fc.assert(
    fc.property(aWorld(fc.nat(20_000), someOf(span(15_000), 2)), (one) => {
      const judged = play(one, 150_000);
      expect(judged).toBeDefined();
      expect(upBetween(one.outages, judged!.beatenAt, judged!.at)).toBeGreaterThanOrEqual(SILENCE_MS);
    }),
    { numRuns: 300 },
  );
});

test("the watch outlives its watchers: two that die in turn cost no more than the part that a third must see itself", () => {
  // Two die in turn, each once the other has watched for long enough to have noted what it saw.
  const deaths = fc.tuple(fc.integer({ min: 6_000, max: 7_000 }), fc.integer({ min: 7_500, max: 9_000 }));
  fc.assert(
    fc.property(deaths, fc.integer({ min: 0, max: 4_000 }), ([first, second], lastBeatAt) => {
      const world = {
        outages: [],
        pauses: [[], []],
        deaths: [[first + lastBeatAt], [second + lastBeatAt]],
        lastBeatAt,
        waits: [50],
      };
      const { at, beatenAt } = play(world, 60_000)!;
      expect(at - beatenAt).toBeLessThanOrEqual(SILENCE_MS + LOOK_MS + CHANCE_MS);
    }),
  );
});

test("who watched for five seconds has not watched in vain: a node is judged within 19 s whose observers fall silent and die one after the other", () => {
  const [stopsAfter, diesAfter] = [3_500, 8_500];
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4_000 }), (lastBeatAt) => {
      // The first watches until it stands still, just when the second goes on, which dies and begins anew.
      const pauses = [[{ from: lastBeatAt + stopsAfter, to: 60_000 }], [{ from: 0, to: lastBeatAt + stopsAfter }]];
      const world = { outages: [], pauses, deaths: [[], [lastBeatAt + diesAfter]], lastBeatAt, waits: [50] };
      const { at, beatenAt } = play(world, 60_000)!;
      expect(at - beatenAt).toBeLessThanOrEqual(19_000);
    }),
  );
});
