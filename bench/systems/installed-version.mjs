import { readFileSync } from "node:fs";
import { findPackageJSON } from "node:module";

/**
 * The version of an installed package; "not built" when it is not there.
 * @param {string} name
 */
export function installedVersion(name) {
  try {
    return JSON.parse(readFileSync(findPackageJSON(name, import.meta.url), "utf8")).version;
  } catch {
    return "not installed";
  }
}
