import { basename, dirname, isAbsolute, join, resolve, sep } from "node:path";
import { callsheetError, isCallsheetError } from "@callsheet/contract";
import type { Environment } from "./environment.ts";

/** The attempt that publishes. Its token is part of the hidden names, so that a later one finds what a killed one left. */
export interface Publisher {
  readonly jobId: string;
  readonly attempt: number;
  readonly token: string;
  /** The directory of the attempt, if the handler asked for one. */
  readonly workspace: () => Promise<string> | undefined;
  readonly isSuperseded: () => boolean;
}

interface Staged {
  readonly destination: string;
  /** Where the file waits. */
  readonly part: string;
  /** Where the file that it replaces is kept until all are in place. */
  readonly old: string;
}

interface Touched {
  readonly staged: Staged;
  hasOld: boolean;
  isPlaced: boolean;
}

/** File names have at most 255 bytes; the rest is for what follows the name. */
const LONGEST_NAME_BYTES = 180;

/** The files that an attempt publishes: hidden beside their destinations until its end is certain, then all in place, or none. */
export class Publication {
  readonly #files: Environment["files"];
  readonly #publisher: Publisher;
  readonly #staged: Staged[] = [];
  #last: Promise<void> = Promise.resolve();
  #failure: unknown;
  #isOver = false;

  constructor(files: Environment["files"], publisher: Publisher) {
    this.#files = files;
    this.#publisher = publisher;
  }

  /** Stages a file, after those before it. A failure is the attempt's, whatever its handler makes of it. */
  stage(file: string, destination: string): Promise<void> {
    const staging = this.#last
      .then(() => this.#stage(file, destination))
      .catch((error: unknown) => {
        throw told(error, destination);
      });
    // Caught, so that a handler that does not wait for it harms only its own job.
    this.#last = staging.catch((error: unknown) => {
      this.#failure ??= error;
    });
    return staging;
  }

  /** Puts all files in place, in the order of their calls. When one cannot be, everything is put back as it was. */
  async appear(): Promise<void> {
    this.#isOver = true;
    await this.#last;
    if (this.#failure !== undefined) throw this.#failure;
    const touched: Touched[] = [];
    try {
      for (const staged of this.#staged) {
        const one = { staged, hasOld: false, isPlaced: false };
        touched.push(one);
        one.hasOld = await this.#keepOld(staged);
        await this.#files.move(staged.part, staged.destination).catch((error: unknown) => {
          throw told(error, staged.destination);
        });
        one.isPlaced = true;
      }
      for (const directory of new Set(this.#staged.map(({ destination }) => dirname(destination))))
        await this.#files.flush(directory);
    } catch (error) {
      await this.#putBack(touched);
      throw error;
    }
    // They are in place: an old file that cannot be removed changes nothing of that.
    const olds = touched.filter(({ hasOld }) => hasOld).map(({ staged }) => staged.old);
    await Promise.allSettled(olds.map((old) => this.#files.remove(old)));
  }

  /** Removes what is staged. */
  async discard(): Promise<void> {
    this.#isOver = true;
    await this.#last;
    for (const { part } of this.#staged) await this.#files.remove(part);
  }

  async #stage(file: string, destination: string): Promise<void> {
    const { jobId, token, attempt, isSuperseded } = this.#publisher;
    if (this.#isOver || isSuperseded())
      throw callsheetError("stale_attempt", `Attempt ${attempt} of job ${jobId} publishes nothing any more.`, {
        id: jobId,
      });
    const path = await this.#destination(destination);
    const source = await this.#source(file, path);
    const hidden = join(dirname(path), `.${beginningOf(basename(path))}.${jobId}.`);
    if (attempt > 1) await this.#removeOlder(hidden, path);
    const name = `${hidden}${token}.${this.#staged.length}`;
    const staged = { destination: path, part: `${name}.part`, old: `${name}.old` };
    this.#staged.push(staged);
    await this.#files.move(source, staged.part);
    await this.#files.flush(staged.part);
  }

  async #source(file: unknown, destination: string): Promise<string> {
    if (!isPath(file)) throw refused("The file to publish is named by a path", file);
    const workspace = await this.#publisher.workspace();
    const path = resolve(workspace ?? sep, file);
    const isKept = this.#isKeptBeside(destination, path);
    if (workspace === undefined && !isKept)
      throw refused("publish needs a workspace, and the handler has not asked for one", file);
    const kind = await this.#files.kindOf(path);
    if (kind === undefined) throw refused(`There is no file "${file}" to publish`, file);
    if (kind !== "file") throw refused(`"${file}" is ${NAMED[kind]}: only plain files are published`, file);
    if (isKept) return path;
    const real = await this.#files.realPath(path);
    if (real.startsWith(`${await this.#files.realPath(workspace!)}${sep}`)) return real;
    throw refused(`"${file}" is not in the workspace of its attempt`, file);
  }

  /** Whether a file is one that the job itself keeps hidden in the directory of the destination, across its attempts. */
  #isKeptBeside(destination: string, path: string): boolean {
    const name = basename(path);
    return (
      dirname(path) === dirname(destination) && name.startsWith(".") && name.includes(`.${this.#publisher.jobId}.`)
    );
  }

  async #destination(destination: unknown): Promise<string> {
    if (!isPath(destination) || !isAbsolute(destination) || destination.endsWith(sep))
      throw refused("The destination is an absolute path of a file", destination);
    const wanted = resolve(destination);
    await this.#files.makeDirectory(dirname(wanted));
    const path = join(await this.#files.realPath(dirname(wanted)), basename(wanted));
    if (this.#staged.some((staged) => staged.destination === path))
      throw refused(`"${path}" is published twice by one attempt`, destination);
    const kind = await this.#files.kindOf(path);
    if (kind === undefined || kind === "file") return path;
    throw refused(`"${path}" is ${NAMED[kind]}: only a plain file is replaced`, destination);
  }

  /** Keeps the file that stands at a destination, without a moment in which nothing stands there where links are known. */
  async #keepOld({ destination, old }: Staged): Promise<boolean> {
    const kind = await this.#files.kindOf(destination);
    if (kind === undefined) return false;
    if (kind !== "file")
      throw refused(`"${destination}" is ${NAMED[kind]} now: only a plain file is replaced`, destination);
    await this.#files.link(destination, old).catch(() => this.#files.move(destination, old));
    return true;
  }

  /** Removes what earlier attempts of this job left beside a destination when their node was killed. */
  async #removeOlder(hidden: string, destination: string): Promise<void> {
    const names = await this.#files.list(dirname(hidden));
    for (const name of names.filter((one) => one.startsWith(basename(hidden)))) {
      const [, token, ending] = /^(\d+)\.\d+\.(part|old)$/.exec(name.slice(basename(hidden).length)) ?? [];
      if (token === undefined || BigInt(token) >= BigInt(this.#publisher.token)) continue;
      const left = join(dirname(hidden), name);
      if (ending === "old" && (await this.#files.kindOf(destination)) === undefined)
        await this.#files.move(left, destination);
      else await this.#files.remove(left);
    }
  }

  /** What cannot be put back stays beside its destination; the reason of the failure itself is what counts. */
  async #putBack(touched: readonly Touched[]): Promise<void> {
    for (const { staged, hasOld, isPlaced } of [...touched].reverse()) {
      if (hasOld) await this.#files.move(staged.old, staged.destination).catch(() => {});
      else if (isPlaced) await this.#files.remove(staged.destination).catch(() => {});
    }
  }
}

const NAMED = { directory: "a directory", link: "a symbolic link", other: "no plain file" } as const;

const isPath = (path: unknown): path is string => typeof path === "string" && path !== "" && !path.includes("\0");

function beginningOf(name: string): string {
  return new TextDecoder().decode(new TextEncoder().encode(name).subarray(0, LONGEST_NAME_BYTES));
}

function refused(problem: string, path: unknown) {
  return callsheetError("publish_refused", `${problem}.`, { path: String(path).slice(0, 1_000) });
}

function told(error: unknown, destination: unknown): unknown {
  if (isCallsheetError(error)) return error;
  const path = String(destination).slice(0, 1_000);
  const { message } = error as Error;
  return callsheetError("publish_failed", `"${path}" could not be published: ${message}.`, { path }, error);
}
