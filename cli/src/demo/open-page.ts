import { spawn } from "node:child_process";

/** Opens a file in the browser of whoever sits at this machine; does nothing where nobody does, as over SSH. */
export function openPage(path: string, variables: NodeJS.ProcessEnv): void {
  const program = openerFor(process.platform, variables);
  if (program === undefined) return;
  // The report is there whether or not somebody's desktop can show it.
  spawn(program, [path], { detached: true, stdio: "ignore" })
    .on("error", () => undefined)
    .unref();
}

/** The program that opens files on this desktop; undefined without one. */
export function openerFor(platform: NodeJS.Platform, variables: NodeJS.ProcessEnv): string | undefined {
  if (platform === "darwin") return variables.SSH_CONNECTION ? undefined : "open";
  return variables.DISPLAY || variables.WAYLAND_DISPLAY ? "xdg-open" : undefined;
}
