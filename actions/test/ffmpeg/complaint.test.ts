import { describe, expect, it } from "vitest";
import { complaintOf } from "../../src/ffmpeg/complaint.ts";

const said = (complaints: string) => complaintOf("/m/a.mov", { exitCode: 1, killedBy: null, complaints });

describe("a run that failed is told in one sentence, under a code", () => {
  it.each([
    ["av_interleaved_write_frame(): No space left on device", "disk_full"],
    [
      "[png @ 0x55] Picture size 40000x40000 exceeds specified max pixel count 134217728, see the documentation",
      "media_too_large",
    ],
    ["[libx264 @ 0x55] malloc of size 99 failed\nError initializing output stream 0:0 -- ", "media_too_large"],
    ["[http @ 0x55] Protocol 'http' not on whitelist 'file,pipe'!", "media_refused"],
    ["Stream map '0:a:0' matches no streams.", "media_unsupported"],
    ["Unknown encoder 'libsvtav1'", "media_unsupported"],
    [
      "[mov @ 0x55] moov atom not found\nfile:/proc/self/fd/3: Invalid data found when processing input",
      "media_damaged",
    ],
    ["something that nobody has seen", "ffmpeg_failed"],
    ["", "ffmpeg_failed"],
  ])("%j", (complaints, code) => {
    const error = said(complaints);
    expect(error).toMatchObject({ code });
    expect(error.message).toMatch(/^ffmpeg could not work on "\/m\/a\.mov": [^\n]+\.$/);
  });

  it.each([
    ["SIGXFSZ", "media_too_large"],
    ["SIGKILL", "media_too_large"],
    ["SIGSEGV", "ffmpeg_failed"],
  ])("also when it was ended by %s", (killedBy, code) => {
    expect(complaintOf("/a", { exitCode: null, killedBy, complaints: "" })).toMatchObject({ code });
  });

  it("with the word that tells the cause, in which nothing can steer a terminal", () => {
    const { message } = said("[a @ 0x1] \u001b[31mbad\u202e rate\nError while opening encoder\nConversion failed!\n");
    expect(message).toContain('"\\u001b[31mbad\\u202e rate"');
    expect(message).not.toContain("Conversion");
    expect(said("x".repeat(10_000)).message.length).toBeLessThan(400);
  });
});
