const NAMES = new Set([
  "PATH",
  "HOME",
  "LANG",
  "TZ",
  "TMPDIR",
  "CALLSHEET_MEDIA_ROOTS",
  "CALLSHEET_OUTPUT_ROOTS",
  "CALLSHEET_FFMPEG",
]);

type EnvironmentVariables = Readonly<Record<string, string | undefined>>;

/**
 * The environment variables that a handler's process gets: those of this list and nothing else, so that no credential of
 * the node reaches it, whatever its name. `NODE_OPTIONS` is not among them: it could load code into the process.
 */
export function childEnvironment(variables: EnvironmentVariables): Record<string, string> {
  const entries = Object.entries(variables).filter(([name]) => NAMES.has(name) || name.startsWith("LC_"));
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => entry[1] !== undefined));
}
