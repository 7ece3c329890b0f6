import { Callsheet, type CallsheetOptions, isCallsheetError, makeDatabase } from "@callsheet/core";
import { defaultDataDir, openPrivateServer } from "@callsheet/postgres";
import { type Reach, urlOfDatabase } from "./connection.ts";

/** A Callsheet for a queue. */
export interface Opened {
  readonly callsheet: Callsheet;
  /** Closes what was opened for this queue. */
  close(): Promise<void>;
}

/** Opens what a queue was told to reach; a database that was named and is missing is made. `worksSoon`: jobs are to be run. */
export async function openCallsheet({ callsheet, named, ...reach }: Reach, worksSoon: boolean): Promise<Opened> {
  const options = { ...reach.options, worksSoon };
  if (callsheet !== undefined) return { callsheet, close: async () => {} };
  if (named === undefined) return opened(await Callsheet.open(options));
  if (options.databaseUrl !== undefined) return opened(await openNamed(options, options.databaseUrl));
  const server = await openPrivateServer({ dataDir: options.dataDir ?? defaultDataDir(process.env) });
  try {
    const own = await openNamed(options, urlOfDatabase(server.url, named));
    return opened(own, () => server.close());
  } catch (error) {
    await server.close();
    throw error;
  }
}

async function openNamed(options: CallsheetOptions, databaseUrl: string): Promise<Callsheet> {
  try {
    return await Callsheet.open({ ...options, databaseUrl });
  } catch (error) {
    if (!isMissing(error)) throw error;
    // Somebody else may make it meanwhile: what counts is whether it is there then.
    const failure = await makeDatabase(databaseUrl).then(
      () => undefined,
      (why: unknown) => why,
    );
    return Callsheet.open({ ...options, databaseUrl }).catch((again: unknown) => {
      throw isMissing(again) ? (failure ?? again) : again;
    });
  }
}

const NO_SUCH_DATABASE = "3D000";
const isMissing = (error: unknown): boolean =>
  isCallsheetError(error) && isCallsheetError(error.cause) && error.cause.details.sqlstate === NO_SUCH_DATABASE;

function opened(callsheet: Callsheet, last: () => Promise<void> = async () => {}): Opened {
  return { callsheet, close: () => callsheet.close().finally(last) };
}
