/** What the command line says of a simulation. */
export interface SimulateFlags {
  readonly from?: Date;
  readonly to?: Date;
  readonly madeUp?: number;
  readonly seed: string;
  readonly set?: Readonly<Record<string, number>>;
  readonly slots?: number;
  readonly save?: string;
  readonly svg?: string;
}
