import { fileURLToPath } from "node:url";

/** The absolute path of the repository that these scripts belong to. */
export function repositoryRoot() {
  return fileURLToPath(new URL("../../", import.meta.url)).replace(/\/$/, "");
}
