import { basename, dirname, isAbsolute, join, resolve, sep } from "node:path";
import { callsheetError, isCallsheetError } from "@callsheet/contract";
import type { Environment, HeldDirectory } from "./environment.ts";
import { placeOf, type Staging } from "./take-back.ts";

/** The attempt that publishes. Its token is part of the hidden names, so that no two attempts have the same. */
export interface Publisher {
  readonly jobId: string;
  readonly attempt: number;
  readonly token: string;
  /** Stores what is about to be made, so that whoever fails the job can take it back. Fails with `stale_attempt`. */
  readonly journal: (staging: Staging) => Promise<void>;
  /** The directory of the attempt, if the handler asked for one. */
  readonly workspace: () => Promise<string> | undefined;
  readonly isSuperseded: () => boolean;
  /** Whether it counts still; waits for the database where the node cannot be sure. */
  readonly stands: () => Promise<boolean>;
}

interface Destination {
  readonly directory: HeldDirectory;
  readonly name: string;
  /** Its path, for people and for telling it from others. */
  readonly path: string;
}

interface Staged {
  readonly destination: Destination;
  /** The name under which the file waits. */
  readonly part: string;
  /** The name under which the file that it replaces is kept until all are in place. */
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
  /** By their paths. What is published there goes to these directories, whatever stands at their paths by then. */
  readonly #held = new Map<string, HeldDirectory>();
  #last: Promise<void> = Promise.resolve();
  #failure: unknown;
  #isOver = false;
  #appearing: Promise<void> | undefined;

  constructor(files: Environment["files"], publisher: Publisher) {
    this.#files = files;
    this.#publisher = publisher;
  }

  /**
   * Stages a file, after those before it, and returns the path at which it will appear. A failure is the attempt's, whatever
   * its handler makes of it.
   */
  stage(file: string, destination: string): Promise<string> {
    const isLate = this.#isOver;
    const staging = this.#last
      .then(() => {
        if (isLate || this.#publisher.isSuperseded()) throw stale(this.#publisher);
        return this.#stage(file, destination);
      })
      .catch((error: unknown) => {
        throw told(error, destination);
      });
    // Caught, so that a handler that does not wait for it harms only its own job.
    this.#last = staging.then(
      () => undefined,
      (error: unknown) => {
        this.#failure ??= error;
      },
    );
    return staging;
  }

  /**
   * Puts all files in place, in the order of their calls. When one cannot be, everything is put back as it was. An attempt that
   * finds half way that another has taken over leaves the rest: what stands there now may be the other's.
   */
  appear(): Promise<void> {
    this.#appearing ??= this.#appear();
    return this.#appearing;
  }

  async #appear(): Promise<void> {
    this.#isOver = true;
    await this.#last;
    if (this.#failure !== undefined) throw this.#failure;
    const touched: Touched[] = [];
    try {
      for (const staged of this.#staged) {
        const one = { staged, hasOld: false, isPlaced: false };
        if (!(await this.#publisher.stands())) throw stale(this.#publisher);
        touched.push(one);
        await this.#place(one);
      }
    } catch (error) {
      if (!this.#publisher.isSuperseded()) await this.#putBack(touched);
      throw told(error, touched.at(-1)?.staged.destination.path);
    }
    // They are in place: an old file that cannot be removed changes nothing of that.
    const olds = touched.filter(({ hasOld }) => hasOld).map(({ staged: { destination, old } }) => at(destination, old));
    await Promise.allSettled(olds.map((old) => this.#files.remove(old)));
    await this.#release();
  }

  /** Removes what is staged. */
  async discard(): Promise<void> {
    this.#isOver = true;
    await this.#last;
    for (const { destination, part } of this.#staged) await this.#files.remove(at(destination, part));
    await this.#release();
  }

  async #stage(file: string, wanted: string): Promise<string> {
    const path = checked(wanted);
    const hidden = this.#hiddenBeside(basename(path));
    await this.#publisher.journal({
      ...{ name: basename(path), hidden },
      ...(await placeOf(this.#files, dirname(path))),
    });
    const destination = await this.#destination(path);
    const source = await this.#source(file, destination);
    const staged = { destination, part: `${hidden}.part`, old: `${hidden}.old` };
    this.#staged.push(staged);
    await this.#files.move(source, at(destination, staged.part));
    await this.#files.flush(at(destination, staged.part));
    return destination.path;
  }

  #hiddenBeside(name: string): string {
    const { jobId, token } = this.#publisher;
    return `.${beginningOf(name)}.${jobId}.${token}.${this.#staged.length}`;
  }

  async #source(file: unknown, destination: Destination): Promise<string> {
    if (!isPath(file)) throw refused("The file to publish is named by a path", file);
    const workspace = await this.#publisher.workspace();
    const path = resolve(workspace ?? sep, file);
    const isKept = this.#isKeptBeside(destination, path);
    if (workspace === undefined && !isKept)
      throw refused("publish needs a workspace, and the handler has not asked for one", file);
    const kind = await this.#files.kindOf(path);
    if (kind === undefined) throw refused(`There is no file "${file}" to publish`, file);
    if (kind !== "file") throw refused(`"${file}" is ${NAMED[kind]}: only plain files are published`, file);
    if (isKept) return at(destination, basename(path));
    const real = await this.#files.realPath(path);
    if (real.startsWith(`${await this.#files.realPath(workspace!)}${sep}`)) return real;
    throw refused(`"${file}" is not in the workspace of its attempt`, file);
  }

  /** Whether a file is one that the job itself keeps hidden in the directory of the destination, across its attempts. */
  #isKeptBeside({ directory }: Destination, path: string): boolean {
    const name = basename(path);
    return dirname(path) === directory.path && name.startsWith(".") && name.includes(`.${this.#publisher.jobId}.`);
  }

  async #destination(wanted: string): Promise<Destination> {
    await this.#files.makeDirectory(dirname(wanted));
    const [directory, name] = [await this.#hold(dirname(wanted)), basename(wanted)];
    const path = join(directory.path, name);
    if (this.#staged.some((staged) => staged.destination.path === path))
      throw refused(`"${path}" is published twice by one attempt`, wanted);
    const kind = await this.#files.kindOf(directory.at(name));
    if (kind === undefined || kind === "file") return { directory, name, path };
    throw refused(`"${path}" is ${NAMED[kind]}: only a plain file is replaced`, wanted);
  }

  async #hold(path: string): Promise<HeldDirectory> {
    const taken = await this.#files.hold(path);
    const held = this.#held.get(taken.path);
    if (held !== undefined) await taken.release();
    else this.#held.set(taken.path, taken);
    return held ?? taken;
  }

  async #release(): Promise<void> {
    const held = [...this.#held.values()];
    this.#held.clear();
    await Promise.all(held.map((directory) => directory.release()));
  }

  async #place(one: Touched): Promise<void> {
    const { part, destination } = one.staged;
    one.hasOld = await this.#keepOld(one.staged);
    await this.#files.move(at(destination, part), at(destination));
    one.isPlaced = true;
    await this.#files.flush(destination.directory.at("."));
  }

  /** Keeps the file that stands at a destination, without a moment in which nothing stands there where links are known. */
  async #keepOld({ destination, old }: Staged): Promise<boolean> {
    const [placed, kept] = [at(destination), at(destination, old)];
    const kind = await this.#files.kindOf(placed);
    if (kind === undefined) return false;
    const { path } = destination;
    if (kind !== "file") throw refused(`"${path}" is ${NAMED[kind]} now: only a plain file is replaced`, path);
    await this.#files.link(placed, kept).catch(() => this.#files.move(placed, kept));
    return true;
  }

  /** What cannot be put back stays beside its destination; the reason of the failure itself is what counts. */
  async #putBack(touched: readonly Touched[]): Promise<void> {
    for (const { staged, hasOld, isPlaced } of [...touched].reverse()) {
      const { destination, old } = staged;
      if (hasOld) await this.#files.move(at(destination, old), at(destination)).catch(() => {});
      else if (isPlaced) await this.#files.remove(at(destination)).catch(() => {});
    }
  }
}

const NAMED = { directory: "a directory", link: "a symbolic link", other: "no plain file" } as const;

/** The path by which a file in the directory of a destination is reached, the destination itself by default. */
const at = ({ directory, name }: Destination, other = name): string => directory.at(other);

function checked(destination: unknown): string {
  if (isPath(destination) && isAbsolute(destination) && !destination.endsWith(sep)) return resolve(destination);
  throw refused("The destination is an absolute path of a file", destination);
}

const isPath = (path: unknown): path is string => typeof path === "string" && path !== "" && !path.includes("\0");

function beginningOf(name: string): string {
  return new TextDecoder().decode(new TextEncoder().encode(name).subarray(0, LONGEST_NAME_BYTES));
}

function stale({ jobId, attempt }: Publisher) {
  return callsheetError("stale_attempt", `Attempt ${attempt} of job ${jobId} publishes nothing any more.`, {
    id: jobId,
  });
}

function refused(problem: string, path: unknown) {
  return callsheetError("publish_refused", `${problem}.`, { path: String(path).slice(0, 1_000) });
}

function told(error: unknown, destination: unknown): unknown {
  if (isCallsheetError(error)) return error;
  const path = String(destination).slice(0, 1_000);
  // The system tells by which paths it was asked for what, and those are of open directories.
  const message = (error as Error).message.replace(/, \w+ '.*$/s, "");
  const { code: reason = null } = error as NodeJS.ErrnoException;
  return callsheetError("publish_failed", `"${path}" could not be published: ${message}.`, { path, reason }, error);
}
