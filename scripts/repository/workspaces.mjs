import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The npm workspaces of the repository, in the order of the root package.json: folder name, directory and manifest. */
export function readWorkspaces(root) {
  const { workspaces } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  return workspaces
    .map((folder) => ({ folder, directory: join(root, folder) }))
    .filter(({ directory }) => existsSync(join(directory, "package.json")))
    .map((workspace) => ({
      ...workspace,
      manifest: JSON.parse(readFileSync(join(workspace.directory, "package.json"), "utf8")),
    }));
}
