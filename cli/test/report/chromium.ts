import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const PATHS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** The browser of this machine; undefined without one. CHROMIUM names another. */
export const CHROMIUM = [process.env.CHROMIUM ?? "", ...PATHS].find((path) => path !== "" && existsSync(path));

/** Opens the browser so that it neither needs a display nor reaches for a network by itself. */
export function openChromium(executablePath: string): Promise<Browser> {
  const quiet = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"];
  return chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu", "--disable-quic", ...quiet] });
}
