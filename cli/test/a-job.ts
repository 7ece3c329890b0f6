import type { Job } from "@callsheet/contract";

/** A job as readers see it, running unless something else is said. */
export function aJob(given: Partial<Job> = {}): Job {
  return {
    id: "01a20af4-37b1-73e6-8921-ae0ad3459ee8",
    kind: "job",
    action: "checksum",
    actionVersion: 1,
    type: "file.checksum",
    site: "default",
    queue: "default",
    state: "running",
    priority: "normal",
    owner: "tests",
    origin: "library",
    parentId: null,
    target: { type: "file", id: "dog.mp4" },
    tags: [],
    configuration: {},
    configurationVersion: 1,
    variables: {},
    idempotencyKey: null,
    createdAt: new Date(0),
    startAt: new Date(0),
    dueAt: null,
    startedAt: new Date(0),
    endedAt: null,
    durationMs: null,
    attempt: 1,
    retries: 0,
    node: "here",
    progress: null,
    result: null,
    error: null,
    ...given,
  };
}
