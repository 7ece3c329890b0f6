/** The sharp of this installation, which makes pictures: its version and that of its libvips; undefined where it does not load. */
export async function findSharp(): Promise<{ readonly version: string; readonly libvips: string } | undefined> {
  try {
    const { default: sharp } = await import("sharp");
    return { version: sharp.versions.sharp ?? "unknown", libvips: sharp.versions.vips };
  } catch {
    return undefined;
  }
}
