import type Sharp from "sharp";
import { failure, quoted } from "../failure.ts";
import { DEFAULT_LIMITS } from "../ffmpeg/limits.ts";

export type Pictures = typeof Sharp;

/** The optional package `sharp`; undefined where it is not installed or has no build for this machine. */
export async function findSharp(): Promise<Pictures | undefined> {
  return import("sharp").then(
    (module) => module.default,
    () => undefined,
  );
}

/** The same, for what cannot be done without it. Fails with `sharp_missing`. */
export async function neededSharp(): Promise<Pictures> {
  const sharp = await findSharp();
  if (sharp !== undefined) return sharp;
  throw failure(
    "sharp_missing",
    "This node cannot work on pictures: install the npm package sharp, then retry the job.",
  );
}

/** How a picture that somebody else made is opened: its first page, within the limits. */
export const OPENING = { limitInputPixels: DEFAULT_LIMITS.pixels, failOn: "error", pages: 1 } as const;

/** The error of a picture that could not be decoded. */
export function pictureFailure(path: string, error: unknown): Error {
  const { message } = error as Error;
  if (message.includes("pixel limit")) {
    return failure("media_too_large", `${quoted(path)} has more than ${OPENING.limitInputPixels} pixels.`, error);
  }
  return failure("media_damaged", `The picture in ${quoted(path)} is cut off or damaged.`, error);
}
