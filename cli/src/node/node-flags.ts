/** What the command line says of a node. */
export interface NodeFlags {
  readonly name?: string;
  readonly site?: string;
  readonly slots?: number;
  readonly resources?: Readonly<Record<string, number>>;
  readonly media?: readonly string[];
  readonly output?: readonly string[];
  readonly types?: readonly string[];
  readonly plugin?: readonly string[];
}
