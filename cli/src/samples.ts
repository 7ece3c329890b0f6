import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { failure } from "./failure.ts";

/** In the package the samples stand beside the code, in the repository in a folder of their own. */
const PLACES = ["./samples", "../../samples"];

/** The folder of the sample media. */
export function findSamples(): string {
  const found = PLACES.map((place) => fileURLToPath(new URL(place, import.meta.url))).find((path) => existsSync(path));
  if (found !== undefined) return found;
  throw failure("samples_missing", "The sample media are missing from this installation.", "Install callsheet again.");
}
