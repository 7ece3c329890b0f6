import { setMaxListeners } from "node:events";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { mediaActions, mediaCapabilities } from "@callsheet/actions";
import { Callsheet, type Node } from "@callsheet/core";
import type { DatabaseChoice } from "../database-option.ts";
import { renderPage } from "../report/page.ts";
import type { Report } from "../report/report-data.ts";
import { readStylesheet } from "../report/stylesheet.ts";
import { type Catalogued, catalogueFiles, mediaRootOf } from "./catalogue-files.ts";
import { putDemoActions, TRANSCODE } from "./demo-actions.ts";
import { describeFfmpeg } from "./describe-ffmpeg.ts";
import { describeRun } from "./describe-run.ts";
import { gather } from "./gather.ts";
import { gatherFile, PlayerRoom } from "./gather-file.ts";
import { toldGroup } from "./group-log.ts";
import { holdingFile } from "./holding-file.ts";
import { JobDesk } from "./job-desk.ts";
import type { MediaFolder } from "./media-folder.ts";
import { showWhile } from "./show-jobs.ts";
import { type SpotCheck, startSpotCheck } from "./spot-check.ts";
import { WaitLog } from "./wait-log.ts";
import { archiveAlone, cutOverTime, deliverAmended, type Workplace, workOnFiles } from "./work-on-file.ts";

export interface DemoOptions {
  readonly media: MediaFolder;
  /** The folder in which everything is made; it need not be there yet. */
  readonly output: string;
  readonly database: DatabaseChoice;
  /** The path of the ffmpeg to use; undefined: the one that is found. */
  readonly ffmpeg: string | undefined;
  readonly stream: NodeJS.WriteStream;
  readonly signal: AbortSignal;
}

export interface DemoEnd {
  readonly report: Report;
  /** Where it stands, drawn as a page. */
  readonly path: string;
}

const SLOTS = 2;
const PLAYER_BYTES = 5_000_000;

/** Runs media files through jobs, shows them on their way, and writes a report of it all. */
export async function runDemo({ media, output, database, ffmpeg, stream, signal }: DemoOptions): Promise<DemoEnd> {
  const startedAt = new Date();
  // Each job that is waited for listens.
  setMaxListeners(0, signal);
  const mediaRoots = { [mediaRootOf(media.path)]: media.path };
  const cs = await Callsheet.open({ ...database, mediaRoots, actor: "demo" });
  // Jobs run at a site. This demo has one of its own, so that it meets no jobs of an earlier one.
  const site = `demo-${startedAt.getTime().toString(36)}-${process.pid}`;
  const desk = new JobDesk(cs, { tag: site, signal });
  const log = new WaitLog(cs);
  let node: Node | undefined;
  let spotCheck: SpotCheck | undefined;
  try {
    await mkdir(output, { recursive: true });
    // Types of work are code: those that ship with Callsheet, which may read one folder here and write another.
    const configured = ffmpeg === undefined ? {} : { ffmpeg };
    const mediaTypes = mediaActions({ roots: [media.path], outputRoots: [output], ...configured });
    await cs.resources.put(TRANSCODE, { capacity: 1, site, description: "transcodes of the demo take turns" });
    const actions = await putDemoActions(cs, mediaTypes, site);
    const fileCopy = holdingFile(mediaTypes.fileCopy, actions.archive.name, () => log.hasDecided(actions.fixity.name));

    // A node runs the jobs of its site, as many at once as it has slots, and says what it can do. There may be many nodes.
    node = await cs.work({
      name: site,
      site,
      types: Object.values({ ...mediaTypes, fileCopy }),
      slots: SLOTS,
      capabilities: await mediaCapabilities(),
    });
    const catalogued = await catalogueFiles(cs, media, site);
    const [first] = media.files;
    const checked = { name: `${site}.spot-check`, file: first!, target: catalogued.assetOf(first!) };
    spotCheck = await startSpotCheck(cs, actions.spotCheck, checked);
    const work = createAllJobs(media, catalogued, { desk, actions, output });
    await showWhile(work, { desk, log, files: media.files, stream });
    await spotCheck.stop();

    const report = await gatherReport(cs, { desk, log, spotCheck, media, output, database, ffmpeg, startedAt });
    const path = join(output, "report.html");
    await writeFile(path, await drawReport(report));
    return { report, path };
  } finally {
    await spotCheck?.stop();
    await desk.callOff();
    await spotCheck?.over();
    // What had not begun goes back when the node stops, and is called off then.
    await node?.stop();
    await desk.callOff();
    await removeResources(cs, site);
    await cs.close();
  }
}

/** What jobs of the site contended for. */
async function removeResources(cs: Callsheet, site: string): Promise<void> {
  const own = (await cs.resources.list()).filter(({ scope, place }) => scope === "site" && place === site);
  await Promise.all(own.map(({ name }) => cs.resources.remove(name, { site })));
}

/** All files at once: their jobs share the slots of the node. */
async function createAllJobs(media: MediaFolder, catalogued: Catalogued, workplace: Workplace): Promise<void> {
  const [first] = media.files;
  const film = media.files.find(({ kind }) => kind === "video");
  // Asked for before the others that lock the same file, and long enough for them to say that they wait.
  const cut = film && (await cutOverTime(film, workplace));
  await Promise.all([
    deliverAmended(first!, workplace),
    cut?.isOver,
    workOnFiles(media.files, catalogued, workplace),
    archiveAlone(first!, workplace),
  ]);
}

interface Finished {
  readonly desk: JobDesk;
  readonly log: WaitLog;
  readonly spotCheck: SpotCheck;
  readonly media: MediaFolder;
  readonly output: string;
  readonly database: DatabaseChoice;
  readonly ffmpeg: string | undefined;
  readonly startedAt: Date;
}

async function gatherReport(cs: Callsheet, finished: Finished): Promise<Report> {
  const { desk, log, spotCheck, media, output, startedAt } = finished;
  const endedAt = new Date();
  const jobs = await Promise.all(desk.jobs.map((job) => gather(cs, job, log.waits)));
  const room = new PlayerRoom(PLAYER_BYTES);
  const files = await Promise.all(media.files.map((file) => gatherFile(file, jobs, { output, room })));
  const credits = await readFile(join(media.path, "NOTICE"), "utf8").catch(() => null);
  const told = jobs.map((job) => job.told);
  const groups = (await desk.lookAtGroups()).map(toldGroup);
  const timed = [await spotCheck.tell()];
  const rest = describeRun({ ...finished, jobs: told, ffmpeg: await describeFfmpeg(finished.ffmpeg) });
  return { ...rest, startedAt, endedAt, files, jobs: told, groups, timed, slots: SLOTS, credits };
}

async function drawReport(report: Report): Promise<string> {
  return renderPage(report, await readStylesheet());
}
