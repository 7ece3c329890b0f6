import type { PriorityName } from "../priority.ts";
import { seededRandom } from "../random.ts";
import type { Day, DayJob } from "./day.ts";

export interface MadeUpDayOptions {
  /** How many jobs. */
  readonly jobs: number;
  /** The same seed gives the same day. */
  readonly seed: string;
  /** When it begins. */
  readonly from: Date;
  /** The share of the time that the slots are busy, were there no waiting. Default 0.5: at the busiest hours nearly all. */
  readonly load?: number;
}

/** A kind of work of a facility: how often it is done, how long its minutes of media take, and what it needs. */
interface Kind {
  readonly action: string;
  readonly share: number;
  /** Milliseconds of work per second of media, in the middle. */
  readonly pace: number;
  readonly needs: Readonly<Record<string, number>>;
  readonly locksAsset: boolean;
}

const KINDS: readonly Kind[] = [
  { action: "probe", share: 0.3, pace: 30, needs: {}, locksAsset: false },
  { action: "checksum", share: 0.2, pace: 150, needs: { storage: 1 }, locksAsset: false },
  { action: "proxy", share: 0.25, pace: 500, needs: { transcode: 1 }, locksAsset: true },
  { action: "master", share: 0.1, pace: 2_000, needs: { transcode: 2 }, locksAsset: true },
  { action: "deliver", share: 0.15, pace: 600, needs: { storage: 1, uplink: 1 }, locksAsset: false },
];
const OWNERS = ["ada", "grace", "hedy", "ingest"] as const;
/** How much is asked for in each hour of the day. */
const HOURS = [1, 1, 1, 1, 1, 2, 3, 5, 8, 10, 10, 9, 7, 8, 9, 10, 9, 7, 5, 4, 3, 2, 2, 1];
const HOUR_MS = 3_600_000;
/** The middle length of media, in seconds, and how widely lengths and paces are spread. */
const MEDIA_SECONDS = 300;
const SPREAD = 0.8;
const UNEVENNESS = 0.35;
const SLOTS_PER_NODE = 8;

/** A day of a media facility that never was: busy by day, several owners, scarce encoders, assets that jobs lock. */
export function madeUpDay({ jobs: count, seed, from, load = 0.5 }: MadeUpDayOptions): Day {
  const random = seededRandom(seed);
  const jobs = Array.from({ length: count }, () => aJob(random, from)).sort((a, b) => a.at.getTime() - b.at.getTime());
  const busy = (of: (job: DayJob) => number) =>
    Math.max(1, Math.ceil(jobs.reduce((sum, job) => sum + job.durationMs * of(job), 0) / (24 * HOUR_MS * load)));
  const slots = busy(() => 1);
  const nodes = Array.from({ length: Math.ceil(slots / SLOTS_PER_NODE) }, (_, n) => ({
    ...{ name: `node-${n + 1}`, site: "default", slots: Math.min(SLOTS_PER_NODE, slots - n * SLOTS_PER_NODE) },
  }));
  const resources = ["transcode", "storage", "uplink"].map((name) => ({
    ...{
      name,
      capacity: Math.max(
        2,
        busy(({ needs }) => needs[name] ?? 0),
      ),
      tags: [],
      windows: [],
    },
  }));
  return { nodes, resources, limits: [], jobs };
}

function aJob(random: () => number, from: Date): DayJob {
  const { action, pace, needs, locksAsset } = oneOf(KINDS, ({ share }) => share, random);
  const hour = oneOf([...HOURS.keys()], (number) => HOURS[number]!, random);
  const seconds = MEDIA_SECONDS * Math.exp(SPREAD * normal(random));
  const asset = Math.floor(random() ** 2 * 400);
  const at = new Date(Math.floor(from.getTime() + (hour + random()) * HOUR_MS));
  return {
    ...{ at, action, needs, site: "default", queue: "default", tags: [], size: Math.round(seconds) },
    durationMs: Math.max(1, Math.round(seconds * pace * Math.exp(UNEVENNESS * normal(random)))),
    owner: oneOf(OWNERS, (name) => (name === "ingest" ? 3 : 1), random),
    priority: oneOf<PriorityName>(["low", "normal", "high"], (name) => (name === "normal" ? 8 : 1), random),
    locks: locksAsset ? [{ key: `asset/${asset}`, mode: "exclusive" }] : [],
  };
}

function oneOf<Item>(items: readonly Item[], weigh: (item: Item) => number, random: () => number): Item {
  let left = random() * items.reduce((sum, item) => sum + weigh(item), 0);
  for (const item of items) {
    left -= weigh(item);
    if (left < 0) return item;
  }
  return items.at(-1)!;
}

/** A number of the normal distribution. */
function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
