import type { Needs } from "./capability.ts";
import type { JobLock, LockMode } from "./lock.ts";

/** Something with a capacity: a resource at a place, or a limit of an action, a queue or a site. */
export interface PoolFacts {
  readonly id: number;
  readonly name: string;
  /** `cluster`, `site/NAME` or `node/NAME` of a resource; `action`, `queue` or `site` of a limit. */
  readonly scope: string;
  /** In units, as it counts now. */
  readonly capacity: number;
  readonly used: number;
  readonly state: "started" | "stopped" | "draining";
  readonly tags: readonly string[];
  /** Units held back for a wide job. `spare`: what jobs that end after `until` may still take. */
  readonly reservation: Reservation | null;
}

/** Units of a pool that are held back for a job until it can start. */
export interface Reservation {
  readonly jobId: string;
  readonly units: number;
  /** When it is expected to have them; null: nobody knows how long what runs will take. */
  readonly until: Date | null;
  readonly spare: number;
}

/** A request for an object, in its line. */
export interface TicketFacts {
  readonly jobId: string;
  /** Its place in line; a job has one number for all its objects. */
  readonly number: number;
  readonly mode: LockMode;
  readonly held: boolean;
  /** Its lane is open and a live node could run it; one that is not served stands in nobody's way. */
  readonly isServed: boolean;
}

/** An object that jobs lock, and its line in order of number. */
export interface ObjectFacts {
  readonly key: string;
  /** Why nobody may have it: a rollback failed, or an operator said so. */
  readonly quarantine: { readonly reason: string | null } | null;
  readonly tickets: readonly TicketFacts[];
}

/** What jobs of one kind have in common. */
export interface LaneFacts {
  readonly id: number;
  readonly site: string;
  readonly queue: string;
  readonly action: string;
  readonly needs: Needs;
  readonly pause: { readonly reason: string | null } | null;
}

/** A due job, as the claim and the explanation see it. */
export interface CandidateJob {
  readonly id: string;
  readonly lane: LaneFacts;
  readonly locks: readonly JobLock[];
  /** Its place in line where it has asked for its objects already. */
  readonly ticket: { readonly number: number; readonly held: boolean } | null;
  /** How long it is expected to run at most, in milliseconds; null: not known. */
  readonly expectedMs: number | null;
}

/** Everything that a decision is made on. */
export interface World {
  readonly now: Date;
  readonly node: { readonly name: string; readonly site: string; readonly capabilities: ReadonlySet<string> };
  readonly pools: readonly PoolFacts[];
  readonly objects: readonly ObjectFacts[];
}

/** Units of a pool that an attempt takes. */
export interface Units {
  readonly poolId: number;
  readonly units: number;
  /** They may be held longer than a reservation allows, and were taken of what it spares. */
  readonly ofSpare?: true;
}

/** Why a job may not start now. */
export type Why =
  | { readonly reason: "lane_paused"; readonly pause: string | null }
  | { readonly reason: "no_capable_node"; readonly missing: readonly string[] }
  | { readonly reason: "object_quarantined"; readonly key: string; readonly because: string | null }
  | {
      readonly reason: "waiting_for_lock";
      readonly key: string;
      /** Jobs that hold the object. */
      readonly holders: readonly string[];
      /** Its place in the line of the object, from 1, holders not counted. */
      readonly place: number;
    }
  | { readonly reason: "unknown_resource"; readonly need: string }
  | { readonly reason: "resource_stopped"; readonly pool: PoolFacts }
  | { readonly reason: "resource_full" | "limit_reached"; readonly pool: PoolFacts; readonly wanted: number }
  | { readonly reason: "resource_reserved"; readonly pool: PoolFacts; readonly wanted: number };

/** Why a job stands in line for an object, where it holds nothing: others have it, or nobody may. */
export type Blocked = Extract<Why, { readonly reason: "waiting_for_lock" | "object_quarantined" }>;

/** What becomes of a candidate: it starts with these units, waits in line for its objects, or stays where it is. */
export type Verdict =
  | { readonly kind: "start"; readonly units: readonly Units[] }
  | { readonly kind: "block"; readonly why: Blocked }
  | { readonly kind: "leave"; readonly why: Why };
