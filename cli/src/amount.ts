const UNITS = ["kB", "MB", "GB", "TB", "PB"];

/** A number of bytes for people: `812 B`, `2.9 MB`. Thousands, as disks are sold. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  // 999,950 would round to 1000.0 kB.
  const power = Math.min(Math.floor(Math.log10(bytes * 1.00005) / 3), UNITS.length);
  return `${(bytes / 1000 ** power).toFixed(1)} ${UNITS[power - 1]}`;
}

/** How long something took or lasts, for people: `34 ms`, `1.6 s`, `2:03`, `1:00:07`. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds < 999.5) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 59_950) return `${(milliseconds / 1000).toFixed(1)} s`;
  const seconds = Math.round(milliseconds / 1000);
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  if (hours === 0) return `${minutes}:${twoDigits(rest)}`;
  return `${hours}:${twoDigits(minutes)}:${twoDigits(rest)}`;
}

const twoDigits = (value: number): string => String(value).padStart(2, "0");
