import type { Group, JobState, Reason, SettledState } from "@callsheet/contract";

/** All that a report says, as plain data: read once from stored jobs and files, then drawn by pure functions. */
export interface Report {
  readonly title: string;
  readonly startedAt: Date;
  readonly endedAt: Date;
  /** The IANA zone in which times of day are shown. */
  readonly timeZone: string;
  readonly files: readonly ReportFile[];
  /** In the order of their creation. */
  readonly jobs: readonly ReportJob[];
  readonly groups: readonly ReportGroup[];
  readonly timed: readonly ReportTimed[];
  /** How many handlers the node ran at once. */
  readonly slots: number;
  /** What could not be done or was left out, in sentences. */
  readonly notes: readonly string[];
  readonly machine: readonly Fact[];
  readonly outputs: readonly Fact[];
  readonly next: readonly NextStep[];
  /** Who made the media, when the folder says so. */
  readonly credits: string | null;
}

export interface Fact {
  readonly label: string;
  readonly value: string;
}

export interface NextStep {
  readonly command: string;
  readonly what: string;
}

export interface ReportFile {
  readonly name: string;
  readonly kind: "video" | "audio" | "image" | null;
  readonly source: MediaFacts | null;
  readonly proxy: MediaFacts | null;
  /** Lower-case hexadecimal digits. */
  readonly sha256: string | null;
  readonly poster: Picture | null;
  readonly contactSheet: Picture | null;
  readonly waveform: Picture | null;
  readonly player: Player | null;
  readonly likeness: Likeness | null;
}

export interface MediaFacts {
  readonly container: string;
  readonly bytes: number;
  readonly durationSeconds: number | null;
  /** Bits per second. */
  readonly bitRate: number | null;
  /** Of the picture as it is shown, turned if it is to be turned; null without one. */
  readonly picture: PictureFacts | null;
  readonly sound: SoundFacts | null;
}

export interface PictureFacts {
  readonly codec: string | null;
  readonly width: number;
  readonly height: number;
  readonly frameRate: number | null;
}

export interface SoundFacts {
  readonly codec: string | null;
  readonly sampleRate: number;
  readonly channels: number;
}

export interface Picture {
  /** A data URI. */
  readonly source: string;
  readonly width: number;
  readonly height: number;
}

export interface Player {
  readonly kind: "video" | "audio";
  /** A data URI, or the path of a file beside the report when it is too large to go into it. */
  readonly source: string;
}

/** How like its source a proxy is. */
export interface Likeness {
  /** 0 to 1; null when there is no picture to compare. */
  readonly ssim: number | null;
  /** Proxy minus source. */
  readonly durationDifferenceSeconds: number | null;
}

export interface ReportJob {
  readonly id: string;
  /** The action without the name of the demo, such as `proxy`. */
  readonly action: string;
  /** The file that it works on. */
  readonly file: string;
  readonly state: JobState;
  readonly attempts: readonly ReportAttempt[];
  readonly amendments: readonly ReportAmendment[];
  /** Of an action that marks an overrun; null: it may run for ever. */
  readonly timeoutMs: number | null;
  /** What it had to wait for while another job had it; null when it had not to. */
  readonly waited: ReportWait | null;
  /** Why it has not begun, in a sentence; null when it has. */
  readonly waitsFor: string | null;
}

export interface ReportWait {
  /** The code of the reason, such as `resource_full`. */
  readonly reason: Reason;
  readonly sentence: string;
  /** The ids of the jobs that were in the way. */
  readonly blockers: readonly string[];
}

export interface ReportAttempt {
  readonly number: number;
  readonly waitedFrom: Date;
  readonly startedAt: Date;
  /** When its time-out passed; null when it was in time. */
  readonly overranAt: Date | null;
  /** Null while it runs. */
  readonly endedAt: Date | null;
  readonly state: JobState;
  readonly error: { readonly code: string; readonly message: string } | null;
}

export interface ReportAmendment {
  readonly at: Date;
  readonly actor: string;
  readonly reason: string | null;
  readonly changes: readonly ReportChange[];
}

/** One field of a configuration before and after; null where it was not there. */
export interface ReportChange {
  readonly field: string;
  readonly before: string | null;
  readonly after: string | null;
}

/** A job that has one for each file. */
export interface ReportGroup extends Pick<Group, "id" | "memberCount" | "counts"> {
  readonly action: string;
  readonly createdAt: Date;
  /** Each state that its members led it to. */
  readonly changes: readonly { readonly at: Date; readonly state: JobState }[];
}

/** An action that is repeated by the clock. */
export interface ReportTimed {
  readonly name: string;
  readonly action: string;
  readonly file: string;
  readonly everyMs: number;
  readonly occurrences: readonly ReportOccurrence[];
}

export interface ReportOccurrence {
  /** When it was due. */
  readonly instant: Date;
  readonly firedAt: Date | null;
  readonly startedAt: Date | null;
  readonly endedAt: Date | null;
  /** How it ended; null: it did not run, or was not over. */
  readonly state: SettledState | null;
  /** Why it was passed over, or ran late; null: it ran in time. */
  readonly reason: string | null;
}
