import { Client, type ClientConfig } from "./client.ts";

/** After this whoever opens has the machine no more for itself, mostly. */
const LATER_MS = 100;

/** Connections for lines that are made before anybody says what for: the lines that are opened next are given them. */
export class Ahead {
  readonly #config: ClientConfig;
  #later: { cancel(): void } | undefined;
  readonly #connecting: Promise<Client | undefined>[] = [];

  constructor(config: ClientConfig) {
    this.#config = config;
  }

  /**
   * Begins to connect for so many lines: for the first at once, for the others later, unless all that is there is taken before.
   * Should it fail, nobody is told: the line that would have been given it connects anew.
   */
  connect(count: number): void {
    this.#connect();
    this.#later = this.#config.clock.timers.after(LATER_MS, () => {
      for (let more = 1; more < count; more++) this.#connect();
    });
  }

  /** The client of a line: one that was reached ahead, or a new one. */
  async client(config: ClientConfig): Promise<Client> {
    if (this.#connecting.length === 0) this.#later?.cancel();
    const reached = await this.#connecting.shift();
    return reached?.serve(config) ?? clientOfLine(config);
  }

  async close(): Promise<void> {
    this.#later?.cancel();
    const left = await Promise.all(this.#connecting.splice(0));
    await Promise.all(left.map((client) => client?.end()));
  }

  #connect(): void {
    const client = clientOfLine(this.#config);
    this.#connecting.push(
      client.reach().then(
        () => client,
        () => undefined,
      ),
    );
  }
}

const clientOfLine = (config: ClientConfig) => new Client({ ...config, pipeline: true } as ClientConfig);
