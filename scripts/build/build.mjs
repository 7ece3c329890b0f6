import { spawnSync } from "node:child_process";
import { repositoryRoot } from "../repository/root.mjs";
import { readWorkspaces } from "../repository/workspaces.mjs";
import { copyAssets } from "./copy-assets.mjs";

/** Compiles every workspace, and puts beside the compiled files what the compiler leaves behind. Tells whether it compiled. */
export function build(options = []) {
  const root = repositoryRoot();
  const command = ["node_modules/typescript/bin/tsc", "-b", ...options];
  const { status } = spawnSync(process.execPath, command, { cwd: root, stdio: "inherit" });
  for (const workspace of readWorkspaces(root)) copyAssets(workspace.directory);
  return status === 0;
}
