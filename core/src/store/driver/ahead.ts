import { Client, type ClientConfig } from "./client.ts";

/** Connections for lines that are made before anybody says what for: the lines that are opened next are given them. */
export class Ahead {
  readonly #config: ClientConfig;
  readonly #connecting: Promise<Client | undefined>[] = [];

  constructor(config: ClientConfig) {
    this.#config = config;
  }

  /** Begins to connect. Should it fail, nobody is told: the line that would have been given it connects anew. */
  connect(): void {
    const client = clientOfLine(this.#config);
    const reached = client.reach();
    this.#connecting.push(
      reached.then(
        () => client,
        () => undefined,
      ),
    );
  }

  /** The client of a line: one that was reached ahead, or a new one. */
  async client(config: ClientConfig): Promise<Client> {
    const reached = await this.#connecting.shift();
    return reached?.serve(config) ?? clientOfLine(config);
  }

  async close(): Promise<void> {
    const left = await Promise.all(this.#connecting.splice(0));
    await Promise.all(left.map((client) => client?.end()));
  }
}

const clientOfLine = (config: ClientConfig) => new Client({ ...config, pipeline: true } as ClientConfig);
