import { join } from "node:path";
import { writeMade } from "../write-made.ts";
import { drawClock } from "./clock-digits.ts";
import type { Pictures } from "./sharp.ts";

/** Where everything stands on a contact sheet, in pixels. */
export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly gutter: number;
  readonly cellWidth: number;
  readonly cellHeight: number;
  /** The upper left corner of each cell, row by row. */
  readonly cells: readonly { readonly x: number; readonly y: number }[];
}

/** Even gutters between the cells and around them. What does not divide evenly makes the sheet narrower by a few pixels. */
export function layOut(
  count: number,
  { columns, width, aspect }: { readonly columns: number; readonly width: number; readonly aspect: number },
): Layout {
  const across = Math.min(columns, count);
  const rows = Math.ceil(count / across);
  const gutter = Math.max(4, Math.round(width / 100));
  const cellWidth = Math.max(8, Math.floor((width - gutter * (across + 1)) / across));
  const cellHeight = Math.max(8, Math.round(cellWidth / aspect));
  const cells = Array.from({ length: count }, (_, index) => ({
    x: gutter + (index % across) * (cellWidth + gutter),
    y: gutter + Math.floor(index / across) * (cellHeight + gutter),
  }));
  return {
    width: gutter + across * (cellWidth + gutter),
    height: gutter + rows * (cellHeight + gutter),
    gutter,
    cellWidth,
    cellHeight,
    cells,
  };
}

const BACKGROUND = "#14161a";

/** Puts frames on a dark sheet, with rounded corners and the time of each in its lower right corner. */
export async function drawSheet(
  sharp: Pictures,
  layout: Layout,
  { cwd, frames, file }: { readonly cwd: string; readonly frames: readonly SheetFrame[]; readonly file: string },
): Promise<void> {
  const { width, height, cells } = layout;
  const pictures = await Promise.all(frames.map(async (frame) => cellPicture(sharp, layout, join(cwd, frame.file))));
  const stamps = Buffer.from(stampsOf(layout, frames));
  const sheet = await sharp({ create: { width, height, channels: 3, background: BACKGROUND } })
    .composite([
      ...pictures.map((input, index) => ({ input, left: cells[index]!.x, top: cells[index]!.y })),
      { input: stamps, left: 0, top: 0 },
    ])
    .jpeg({ quality: 88, mozjpeg: true })
    .toBuffer();
  await writeMade(cwd, file, sheet);
}

export interface SheetFrame {
  /** A picture in the workspace. */
  readonly file: string;
  /** Digits, colons and points. */
  readonly time: string;
}

async function cellPicture(sharp: Pictures, { cellWidth, cellHeight, gutter }: Layout, path: string): Promise<Buffer> {
  const radius = Math.round(gutter / 2.5);
  const mask = svg(cellWidth, cellHeight, `<rect width="${cellWidth}" height="${cellHeight}" rx="${radius}"/>`);
  return sharp(path)
    .resize(cellWidth, cellHeight, { fit: "fill" })
    .composite([{ input: Buffer.from(mask), blend: "dest-in" }])
    .png({ compressionLevel: 1 })
    .toBuffer();
}

/** One drawing for all times: pale strokes on dark, half transparent plates. */
function stampsOf({ width, height, cellWidth, cellHeight, cells }: Layout, frames: readonly SheetFrame[]): string {
  const scale = Math.min(1.25, Math.max(0.4, cellWidth / 340));
  const stamps = frames.map(({ time }, index) => {
    const { glyphs, width: length } = drawClock(time);
    const [plateWidth, plateHeight, inset] = [length + 16, 28, 8];
    const { x, y } = cells[index]!;
    const left = x + cellWidth - (plateWidth + inset) * scale;
    const top = y + cellHeight - (plateHeight + inset) * scale;
    const strokes = glyphs.map((glyph) => `<path transform="translate(${8 + glyph.x} 6)" d="${glyph.d}"/>`);
    return [
      `<g transform="translate(${left} ${top}) scale(${scale})">`,
      `<rect width="${plateWidth}" height="${plateHeight}" rx="6" fill="#0b0c0f" fill-opacity=".68"/>`,
      `<g fill="none" stroke="#f4f5f7" stroke-width="2" stroke-linecap="round" stroke-linejoin="round">`,
      ...strokes,
      "</g></g>",
    ].join("");
  });
  return svg(width, height, stamps.join(""));
}

function svg(width: number, height: number, content: string): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${content}</svg>`;
}
