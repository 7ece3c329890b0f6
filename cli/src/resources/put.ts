import type { CallsheetClient, Resource, ResourceInput, ResourcePlace } from "@callsheet/contract";
import { usageError } from "../failure.ts";
import { openClient } from "../open-client.ts";
import type { WrittenWindow } from "../option.ts";
import { printOne } from "../output.ts";
import type { Terminal } from "../terminal.ts";
import { resourceText } from "./show.ts";

/** What the options say of a resource. */
interface ResourceFlags extends ResourcePlace {
  readonly capacity?: number;
  readonly description?: string;
  readonly tag?: readonly string[];
  readonly window?: readonly WrittenWindow[];
  readonly timeZone?: string;
  readonly external?: boolean;
  readonly staleAfter?: number;
  readonly whenStale?: string;
}

/** `resources put` */
export async function putResource(terminal: Terminal, name: string, flags: ResourceFlags): Promise<void> {
  if (flags.capacity === undefined)
    throw usageError("It is not said how many units there are.", "Add --capacity UNITS.");
  await using client = await openClient(terminal);
  await put(terminal, client, name, flags, fieldsOf(flags));
}

/** `resources change` */
export async function changeResource(terminal: Terminal, name: string, flags: ResourceFlags): Promise<void> {
  if (Object.keys(fieldsOf(flags)).length === 0)
    throw usageError("It is not said what to change.", "callsheet resources change --help shows what can be.");
  await using client = await openClient(terminal);
  const known = await client.resources.get(name, placeOf(flags));
  const { capacity, description, tags, windows, external } = known;
  await put(terminal, client, name, flags, {
    ...{ capacity, description, tags, windows, external },
    ...fieldsOf(flags, external),
  });
}

const placeOf = ({ site, node }: ResourcePlace): ResourcePlace => ({ ...(site && { site }), ...(node && { node }) });

async function put(
  terminal: Terminal,
  { resources }: CallsheetClient,
  name: string,
  flags: ResourceFlags,
  fields: Readonly<Record<string, unknown>>,
): Promise<void> {
  await resources.put(name, { ...fields, ...placeOf(flags) } as ResourceInput);
  const resource = await resources.get(name, placeOf(flags));
  printOne(terminal, resource, () => resourceText(resource, new Date(), terminal.width));
}

/** What is not allowed is refused by the client, which names the field. */
function fieldsOf(flags: ResourceFlags, before: Resource["external"] = null): Readonly<Record<string, unknown>> {
  const { capacity, description, tag, window, staleAfter, whenStale } = flags;
  const { timeZone = Intl.DateTimeFormat().resolvedOptions().timeZone } = flags;
  const rule = { ...(staleAfter !== undefined && { staleAfterMs: staleAfter }), ...(whenStale && { whenStale }) };
  const isSaid = flags.external === true || Object.keys(rule).length > 0;
  return {
    ...(capacity !== undefined && { capacity }),
    ...(description !== undefined && { description }),
    ...(tag && { tags: tag }),
    ...(window && { windows: window.map((one) => ({ ...one, timeZone })) }),
    ...(isSaid && { external: { ...before, ...rule } }),
    ...(flags.external === false && { external: null }),
  };
}
