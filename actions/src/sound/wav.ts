import { failure, quoted } from "../failure.ts";
import type { SourceFile } from "../source-file.ts";
import { LAYOUTS, type Pcm, type SampleFormat } from "./pcm.ts";

/** More chunks than any recorder writes. */
const MOST_CHUNKS = 1_000;
const EXTENSIBLE = 0xfffe;

/**
 * The samples of a WAV file, read without ffmpeg. Undefined for a file of another kind, and for a WAV of another coding than
 * plain samples. A file that was cut off, or never closed by its recorder, is read as far as it goes.
 */
export async function readWav(file: SourceFile): Promise<Pcm | undefined> {
  const head = await bytesAt(file, 0, 12);
  if (!/^RIFF.{4}WAVE$/s.test(head.toString("latin1"))) return undefined;
  let form: Omit<Pcm, "frames" | "read"> | undefined;
  let at = 12;
  for (let count = 0; count < MOST_CHUNKS && at + 8 <= file.bytes; count++) {
    const chunk = await bytesAt(file, at, 8);
    const name = chunk.toString("latin1", 0, 4);
    const size = chunk.readUInt32LE(4);
    if (name === "fmt ") {
      form = formOf(await bytesAt(file, at + 8, Math.min(size, 40)));
      if (form === undefined) return undefined;
    }
    if (name === "data" && form !== undefined) return samplesAt(file, form, { start: at + 8, size });
    // Chunks begin at even places.
    at += 8 + size + (size % 2);
  }
  throw failure("media_damaged", `${quoted(file.path)} begins as a WAV file, but has no samples.`);
}

function samplesAt(
  file: SourceFile,
  form: Omit<Pcm, "frames" | "read">,
  { start, size }: { readonly start: number; readonly size: number },
): Pcm {
  const bytes = Math.min(size, file.bytes - start);
  const frames = Math.floor(bytes / (LAYOUTS[form.format].bytes * form.channels));
  return { ...form, frames, read: (buffer, position) => file.read(buffer, start + position) };
}

function formOf(chunk: Buffer): Omit<Pcm, "frames" | "read"> | undefined {
  if (chunk.length < 16) return undefined;
  const tag = chunk.readUInt16LE(0);
  const coding = tag === EXTENSIBLE && chunk.length >= 26 ? chunk.readUInt16LE(24) : tag;
  const [channels, sampleRate, bits] = [chunk.readUInt16LE(2), chunk.readUInt32LE(4), chunk.readUInt16LE(14)];
  const format = formatOf(coding, bits);
  return format === undefined || channels === 0 || sampleRate === 0 ? undefined : { format, channels, sampleRate };
}

function formatOf(coding: number, bits: number): SampleFormat | undefined {
  const formats: Readonly<Record<number, Readonly<Record<number, SampleFormat>>>> = {
    1: { 8: "u8", 16: "s16", 24: "s24", 32: "s32" },
    3: { 32: "f32", 64: "f64" },
  };
  return formats[coding]?.[bits];
}

async function bytesAt(file: SourceFile, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  return buffer.subarray(0, await file.read(buffer, position));
}
