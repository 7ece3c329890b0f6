import type { mediaActions } from "@callsheet/actions";
import type { Callsheet } from "@callsheet/core";

export type MediaTypes = ReturnType<typeof mediaActions>;

/** What transcodes take turns at: a resource of the demo's own site, which has one unit of it. */
export const TRANSCODE = "transcode";

/** How long the cut may take before it is marked as timed out: on any machine, ffmpeg has then hardly begun. */
const CUT_TIMEOUT_MS = 50;

/**
 * Puts the demo's actions. An action is a named definition of work: a type of work with the rules of its running. Jobs are
 * created for it, and run on the nodes of its site.
 */
export async function putDemoActions(cs: Callsheet, types: MediaTypes, site: string) {
  const rules = { site, timeoutMs: 600_000, cancellable: "asks" } as const;
  // A job whose action requires what no node has waits, and can say so. Pictures and plain samples need no ffmpeg.
  const byFfmpeg = { ...rules, requires: ["ffmpeg"] };
  const needs = { [TRANSCODE]: 1 };
  // Run on a collection, it becomes a group job with a job for each member.
  const each = { ...rules, flags: ["groupMember" as const] };
  // One job at a time has the file: the next one waits for it.
  const alone = { ...rules, lock: "exclusive" } as const;
  return {
    checksum: await cs.actions.put({ ...each, name: "demo.checksum", type: types.fileChecksum, retry: { limit: 2 } }),
    probe: await cs.actions.put({ ...each, name: "demo.probe", type: types.mediaProbe }),
    spotCheck: await cs.actions.put({
      ...rules,
      name: "demo.spot-check",
      type: types.fileChecksum,
      priority: "highest",
      flags: ["timed"],
    }),
    still: await cs.actions.put({ ...rules, name: "demo.still", type: types.mediaPoster }),
    poster: await cs.actions.put({ ...byFfmpeg, name: "demo.poster", type: types.mediaPoster }),
    contactSheet: await cs.actions.put({ ...rules, name: "demo.contact-sheet", type: types.mediaContactSheet }),
    waveform: await cs.actions.put({ ...byFfmpeg, name: "demo.waveform", type: types.mediaWaveform }),
    plainWaveform: await cs.actions.put({ ...rules, name: "demo.plain-waveform", type: types.mediaWaveform }),
    proxy: await cs.actions.put({ ...rules, name: "demo.proxy", type: types.mediaProxy, priority: "high", needs }),
    compare: await cs.actions.put({ ...rules, name: "demo.compare", type: types.mediaCompare }),
    deliver: await cs.actions.put({ ...rules, name: "demo.deliver", type: types.fileCopy, priority: "high" }),
    archive: await cs.actions.put({ ...alone, name: "demo.archive", type: types.fileCopy }),
    fixity: await cs.actions.put({ ...alone, name: "demo.fixity", type: types.fileChecksum }),
    cut: await cs.actions.put({
      ...alone,
      name: "demo.cut",
      type: types.mediaTranscode,
      needs,
      timeoutMs: CUT_TIMEOUT_MS,
      onTimeout: "flag",
    }),
  } as const;
}

export type DemoActions = Awaited<ReturnType<typeof putDemoActions>>;
