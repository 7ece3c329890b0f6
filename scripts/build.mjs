// Builds every workspace, and puts beside the compiled files what the compiler leaves behind.
import { spawnSync } from "node:child_process";
import { copyAssets } from "./build/copy-assets.mjs";
import { repositoryRoot } from "./repository/root.mjs";
import { readWorkspaces } from "./repository/workspaces.mjs";

const root = repositoryRoot();
const compiled = spawnSync(process.execPath, ["node_modules/typescript/bin/tsc", "-b", ...process.argv.slice(2)], {
  cwd: root,
  stdio: "inherit",
});
for (const workspace of readWorkspaces(root)) copyAssets(workspace.directory);
process.exitCode = compiled.status ?? 1;
