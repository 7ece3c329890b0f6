const ENCODER = "ffmpeg.encoder.";
const FILTER = "ffmpeg.filter.";

/** What a node says that it has, on one line: an ffmpeg has hundreds of encoders and filters, which are counted. */
export function describeCapabilities(capabilities: readonly string[]): string {
  const countOf = (prefix: string) => capabilities.filter((name) => name.startsWith(prefix)).length;
  const others = capabilities.filter((name) => !name.startsWith(ENCODER) && !name.startsWith(FILTER));
  const ffmpeg = `ffmpeg with ${countOf(ENCODER)} encoders and ${countOf(FILTER)} filters`;
  return others.map((name) => (name === "ffmpeg" ? ffmpeg : name)).join(", ") || "neither ffmpeg nor sharp";
}
