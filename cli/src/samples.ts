import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { failure } from "./failure.ts";

/** In the package the samples stand beside the code, in the repository in a folder of their own. */
const PLACES = ["./samples", "../../samples"];

/** The folder of the sample media. */
export function findSamples(): string {
  const folders = PLACES.map((place) => fileURLToPath(new URL(place, import.meta.url)));
  // A folder alone may be what a build has emptied.
  const found = folders.find((folder) => existsSync(join(folder, "NOTICE")));
  if (found !== undefined) return found;
  throw failure("samples_missing", "The sample media are missing from this installation.", "Install callsheet again.");
}
