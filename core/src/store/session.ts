import { Client, type Connection, placeIn, type Queryable, type Runner, run } from "./database.ts";
import { connectionFailure } from "./failure.ts";

/** One connection with no settings of ours, such as a pooler accepts too. */
export interface Session extends Queryable {
  /** The server process that the connection was told at its start; a pooler tells a number of its own. */
  readonly processId: number;
  close(): Promise<void>;
}

export async function openSession(connection: Connection, schema: string): Promise<Session> {
  const place = placeIn(schema);
  const client = new Client({ connectionTimeoutMillis: 15_000, application_name: "callsheet inspect", ...connection });
  await client.connect().catch((error: unknown) => {
    throw connectionFailure(error);
  });
  return {
    processId: (client as unknown as { processID: number }).processID,
    query: (statement) => run(client as unknown as Runner, place, statement),
    close: () => client.end(),
  };
}
