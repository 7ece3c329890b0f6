import type { Resource } from "@callsheet/contract";
import { expect, it } from "vitest";
import { notesOf } from "../src/resources/columns.ts";

const NOW = new Date("2026-08-01T12:00:00Z");
const resource: Resource = {
  ...{ name: "transcode", scope: "cluster", place: null, description: "", tags: [], state: "started" },
  ...{ reason: null, actor: null, capacity: 4, effectiveCapacity: 4, used: 0, windows: [], external: null },
  ...{ outside: null, reserved: null, neverStart: [] },
};

it("tells what is held back for whom, and until when if that is known", () => {
  const reserved = { jobId: "0198c2", units: 3 };
  expect(notesOf({ ...resource, reserved: { ...reserved, until: null } }, NOW)).toEqual(["3 held back for 0198c2"]);
  expect(notesOf({ ...resource, reserved: { ...reserved, until: NOW } }, NOW)).toEqual([
    expect.stringMatching(/^3 held back for 0198c2 until .*2026/),
  ]);
  expect(notesOf(resource, NOW)).toEqual([]);
});
