import { failure, quoted } from "../failure.ts";
import type { SourceFile } from "../source-file.ts";
import { writeMade } from "../write-made.ts";
import { neededSharp, OPENING, pictureFailure } from "./sharp.ts";

/** A JPEG that was made in a workspace. */
export interface MadePicture {
  /** Its name in the workspace. */
  readonly file: string;
  readonly width: number;
  readonly height: number;
}

/** A larger picture would fill the memory before anybody knew its size in pixels. */
const MOST_BYTES = 512 * 1024 * 1024;

/** All of a picture's file. */
export async function readPicture(file: SourceFile): Promise<Uint8Array> {
  if (file.bytes > MOST_BYTES) {
    throw failure("media_too_large", `${quoted(file.path)} is a picture of more than ${MOST_BYTES} bytes.`);
  }
  const content = new Uint8Array(file.bytes);
  return content.subarray(0, await file.read(content, 0));
}

/** Makes a JPEG of a picture, turned as its camera says, at most `width` pixels wide. `path` is for messages. */
export async function makeStill(
  content: Uint8Array,
  { path, cwd, width }: { readonly path: string; readonly cwd: string; readonly width: number },
): Promise<MadePicture> {
  const sharp = await neededSharp();
  const file = "poster.jpg";
  const { data, info } = await sharp(content, OPENING)
    .rotate()
    .resize({ width, withoutEnlargement: true })
    .flatten({ background: "white" })
    .jpeg({ quality: 88, mozjpeg: true })
    .toBuffer({ resolveWithObject: true })
    .catch((error) => {
      throw pictureFailure(path, error);
    });
  await writeMade(cwd, file, data);
  return { file, width: info.width, height: info.height };
}
