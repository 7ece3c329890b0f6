import type { Clock, Timer } from "./clock.ts";
import { Crowd, type CrowdOptions } from "./crowd.ts";

/** A node of this process, as one that can be sent to look for plain jobs. */
export interface Scout {
  /** It is to look, if it has room. */
  readonly send: () => void;
}

/** Where there may be jobs: a lane, or all those that are named so. */
export type Place = number | string;

/** What a look brought. */
export interface Found {
  readonly count: number;
  /** It took all that it wanted: others may find some. */
  readonly mayLeaveSome: boolean;
  /** Nothing was there that it did not take, not even what it had not heard of. */
  readonly sawAll: boolean;
}

/** Jobs that came to a place since it was last looked at. */
interface News {
  /** Who heard of them first, and hears of all that follow. */
  readonly first: Scout;
  /** Who heard of them and was not sent yet. */
  readonly scouts: Set<Scout>;
  wasToldMore: boolean;
  /** Whether others were left their start. */
  isDue: boolean;
}

/** By then a look is answered, or its connection may be lost: somebody else looks. */
const LATE_MS = 250;
/** Of so many places it is remembered when they were seen. */
const MOST_PLACES = 100;
/** After a node that was sent as much time passes as its look took, at most so much: what takes long is asked for more at once. */
const LONGEST_REST_MS = 50;

/**
 * Which node of this process looks for plain jobs that all of them hear of. One is enough to see that there are none; who
 * finds some for as long as it has room leaves the rest to the next. The one that looked last goes first: it and its session
 * of the server are warm, and know how much it can take.
 */
export class Scouts {
  readonly #environment: Pick<Clock, "timers" | "monotonic">;
  readonly #crowd: Crowd;
  readonly #news = new Map<Place, News>();
  #looks = 0;
  /** The number of a node's last look; 0: it went wrong. */
  readonly #lastLook = new WeakMap<Scout, number>();
  /** Where a node found all that it wanted, as long as it looks on by itself. */
  readonly #open = new Map<Scout, readonly Place[]>();
  /** When a look last saw all of a place. */
  readonly #seenAt = new Map<Place, number>();
  #sent: { readonly scout: Scout; readonly late: Timer } | undefined;
  #rest: Timer | undefined;

  constructor({ environment, census }: CrowdOptions & { readonly environment: Pick<Clock, "timers"> }) {
    this.#environment = environment;
    this.#crowd = new Crowd({ environment, census });
  }

  /** Jobs came to a place. Each node that hears of them says so. */
  hear(place: Place, scout: Scout): void {
    const known = this.#news.get(place);
    if (known?.first === scout) known.wasToldMore = true;
    else if (known) known.scouts.add(scout);
    else this.#plan(place, { first: scout, scouts: new Set([scout]), wasToldMore: false, isDue: false });
  }

  /** Whether a node of this process has seen all of a place in the last so many milliseconds, and left nothing there. */
  wasSeen(place: Place, inMs: number): boolean {
    return this.#environment.monotonic() - (this.#seenAt.get(place) ?? Number.NEGATIVE_INFINITY) < inMs;
  }

  /**
   * A node looks at a place, and is to tell what it found; undefined: the look failed, or the node may take nothing.
   * `sees`: whether another place is part of that. What is heard of meanwhile is for the next look.
   */
  look(scout: Scout, whole: Place, sees: (place: Place) => boolean): (found: Found | undefined) => void {
    const { timers, monotonic } = this.#environment;
    const begunAt = monotonic();
    this.#looks += 1;
    this.#lastLook.set(scout, this.#looks);
    this.#open.delete(scout);
    if (this.#sent?.scout === scout) this.#watch(scout);
    const seen = [...this.#news].filter(([place]) => place === whole || sees(place));
    for (const [place, { scouts }] of seen) {
      this.#news.delete(place);
      scouts.delete(scout);
    }
    const putBack = () => {
      for (const [place, news] of seen) this.#putBack(place, news);
      const places = seen.map(([place]) => place);
      this.#open.set(scout, places);
    };
    const goneWrong = () => {
      putBack();
      this.#wentWrong(scout);
    };
    const late = seen.length > 0 ? timers.after(LATE_MS, goneWrong) : undefined;
    return (found) => {
      late?.cancel();
      if (this.#sent?.scout === scout) this.#pause(Math.min(monotonic() - begunAt, LONGEST_REST_MS));
      if (found === undefined) {
        goneWrong();
        return;
      }
      const { count, mayLeaveSome, sawAll } = found;
      for (const [place, { wasToldMore }] of seen)
        if (isLane(place)) this.#crowd.looked(place, { hasFound: count > 0, wasToldMore });
      if (mayLeaveSome) putBack();
      else {
        if (sawAll) this.#noteSeen(whole, begunAt);
        this.back(scout);
      }
    };
  }

  /** A node looks no more for now, or had no room to: another one can go. */
  back(scout: Scout): void {
    for (const place of this.#open.get(scout) ?? []) {
      const news = this.#news.get(place);
      if (news) news.isDue = true;
    }
    this.#open.delete(scout);
    if (this.#sent?.scout === scout) {
      this.#sent.late.cancel();
      this.#sent = undefined;
    }
    this.#sendNext();
  }

  /** A node looks no more. */
  leave(scout: Scout): void {
    for (const { scouts } of this.#news.values()) scouts.delete(scout);
    this.back(scout);
  }

  #noteSeen(place: Place, at: number): void {
    if (this.#seenAt.size > MOST_PLACES) this.#seenAt.clear();
    this.#seenAt.set(place, at);
  }

  #wentWrong(scout: Scout): void {
    this.#lastLook.set(scout, 0);
    this.back(scout);
  }

  #plan(place: Place, news: News): void {
    this.#news.set(place, news);
    const due = () => {
      news.isDue = true;
      this.#sendNext();
    };
    const waitMs = isLane(place) ? this.#crowd.waitMs(place) : 0;
    // All nodes hear of it in this turn.
    if (waitMs === 0) queueMicrotask(due);
    else this.#environment.timers.after(waitMs, due);
  }

  /** Those who heard of jobs and did not look for them yet may find some. */
  #putBack(place: Place, { first, scouts }: News): void {
    const since = this.#news.get(place);
    if (since) for (const scout of scouts) since.scouts.add(scout);
    else this.#news.set(place, { first, scouts, wasToldMore: true, isDue: false });
  }

  #pause(ms: number): void {
    this.#rest?.cancel();
    this.#rest = this.#environment.timers.after(ms, () => {
      this.#rest = undefined;
      this.#sendNext();
    });
  }

  #sendNext(): void {
    if (this.#sent || this.#rest) return;
    for (const [place, { scouts, isDue }] of this.#news) {
      if (scouts.size === 0) this.#news.delete(place);
      else if (isDue) {
        this.#send(scouts);
        return;
      }
    }
  }

  #send(scouts: Set<Scout>): void {
    const lastOf = (one: Scout) => this.#lastLook.get(one) ?? 0;
    const scout = [...scouts].reduce((best, one) => (lastOf(one) > lastOf(best) ? one : best));
    scouts.delete(scout);
    this.#watch(scout);
    scout.send();
  }

  #watch(scout: Scout): void {
    this.#sent?.late.cancel();
    this.#sent = { scout, late: this.#environment.timers.after(LATE_MS, () => this.#wentWrong(scout)) };
  }
}

const isLane = (place: Place): place is number => typeof place === "number";
