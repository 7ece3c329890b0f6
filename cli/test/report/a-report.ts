import type {
  Report,
  ReportAttempt,
  ReportFile,
  ReportGroup,
  ReportJob,
  ReportTimed,
} from "../../src/report/report-data.ts";

const BEGIN = Date.parse("2026-03-01T12:00:00.000Z");

/** A time so many milliseconds after the beginning of the report. */
export const at = (milliseconds: number): Date => new Date(BEGIN + milliseconds);

/** The smallest picture there is. */
export const DOT = {
  source: "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///ywAAAAAAQABAAACAUwAOw==",
  width: 1,
  height: 1,
};

/** An attempt that waited from `from`, ran from `start` to `end`, and completed. */
export function anAttempt(
  [from, start, end]: readonly [number, number, number],
  facts: Partial<ReportAttempt> = {},
): ReportAttempt {
  return {
    number: 1,
    waitedFrom: at(from),
    startedAt: at(start),
    overranAt: null,
    endedAt: at(end),
    state: "completed",
    error: null,
    ...facts,
  };
}

export function aReportJob(facts: Partial<ReportJob> = {}): ReportJob {
  return {
    id: "00000000-0000-7000-8000-000000000001",
    action: "proxy",
    file: "dog.mp4",
    state: "completed",
    attempts: [anAttempt([0, 10, 1000])],
    amendments: [],
    timeoutMs: null,
    waited: null,
    waitsFor: null,
    ...facts,
  };
}

export function aReportFile(facts: Partial<ReportFile> = {}): ReportFile {
  return {
    name: "dog.mp4",
    kind: "video",
    source: {
      container: "mp4",
      bytes: 2_942_343,
      durationSeconds: 1.6,
      bitRate: 14_711_715,
      picture: { codec: "h264", width: 1920, height: 1080, frameRate: 29.97 },
      sound: { codec: "aac", sampleRate: 48_000, channels: 2 },
    },
    proxy: {
      container: "mp4",
      bytes: 294_234,
      durationSeconds: 1.6,
      bitRate: 1_471_171,
      picture: { codec: "h264", width: 640, height: 360, frameRate: 29.97 },
      sound: { codec: "aac", sampleRate: 48_000, channels: 2 },
    },
    sha256: "9b0710a436413f75cc3cd1c1048aa3c4d7c28f76f51ef6a25413d0018d22ec99",
    poster: DOT,
    contactSheet: DOT,
    waveform: DOT,
    player: null,
    likeness: { ssim: 0.9412, durationDifferenceSeconds: 0.02 },
    ...facts,
  };
}

/** Fails once, is given another configuration, and completes. */
export function anAmendedJob(facts: Partial<ReportJob> = {}): ReportJob {
  const error = { code: "file_not_found", message: "There is no dog.mp." };
  return aReportJob({
    id: "00000000-0000-7000-8000-000000000002",
    action: "deliver",
    attempts: [anAttempt([0, 5, 30], { state: "failed", error }), anAttempt([60, 70, 200], { number: 2 })],
    amendments: [
      {
        at: at(50),
        actor: "demo",
        reason: "the last letter was missing",
        changes: [{ field: "path", before: "/media/dog.mp", after: "/media/dog.mp4" }],
      },
    ],
    ...facts,
  });
}

/** Runs on after its time-out, and completes. */
export function anOverrunJob(facts: Partial<ReportJob> = {}): ReportJob {
  return aReportJob({
    id: "00000000-0000-7000-8000-000000000003",
    action: "cut",
    timeoutMs: 400,
    attempts: [anAttempt([0, 20, 2000], { overranAt: at(420) })],
    ...facts,
  });
}

/** One of its three members failed, and was run again. */
export function aGroup(facts: Partial<ReportGroup> = {}): ReportGroup {
  const counts = { live: 0, overdue: 0, waiting: 0, held: 0, bad: 0, good: 3, cancelled: 0, due: 0, unplanned: 0 };
  return {
    id: "00000000-0000-7000-8000-000000000004",
    action: "checksum",
    memberCount: 3,
    counts: { ...counts, rollingBack: 0 },
    createdAt: at(0),
    changes: [
      { at: at(20), state: "running" },
      { at: at(400), state: "failed" },
      { at: at(900), state: "completed" },
    ],
    ...facts,
  };
}

/** It ran in time, was passed over, and runs. */
export function aTimed(facts: Partial<ReportTimed> = {}): ReportTimed {
  const never = { firedAt: null, startedAt: null, endedAt: null, state: null, reason: null };
  return {
    ...{ name: "spot-check", action: "spot-check", file: "dog.mp4", everyMs: 1000 },
    occurrences: [
      { instant: at(0), firedAt: at(4), startedAt: at(9), endedAt: at(80), state: "completed", reason: null },
      { ...never, instant: at(1000), reason: "overlap" },
      { ...never, instant: at(2000), firedAt: at(2003) },
    ],
    ...facts,
  };
}

export function aReport(facts: Partial<Report> = {}): Report {
  return {
    title: "Callsheet demo",
    startedAt: at(0),
    endedAt: at(2100),
    timeZone: "UTC",
    files: [aReportFile()],
    jobs: [aReportJob(), anAmendedJob(), anOverrunJob()],
    groups: [],
    timed: [],
    slots: 2,
    notes: [],
    machine: [{ label: "ffmpeg", value: "5.1 from PATH" }],
    outputs: [{ label: "Proxies", value: "./demo-out/proxies" }],
    next: [{ command: "npx callsheet jobs list", what: "Every job" }],
    credits: "Who made it",
    ...facts,
  };
}
