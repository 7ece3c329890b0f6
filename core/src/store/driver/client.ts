import type { Socket } from "node:net";
import pg from "pg";
import type { Patience } from "../patience.ts";
import type { Session } from "../session.ts";
import { type Clock, Watch } from "./watch.ts";

export interface ClientConfig extends pg.ClientConfig {
  readonly application_name: string;
  readonly clock: Clock;
  readonly patience: Patience;
  /** Settings of the session, beside those that every session has. */
  readonly settings: Readonly<Record<string, string>>;
  /** Brings back a server that cannot be reached. */
  readonly revive?: (() => Promise<void>) | undefined;
  /** Told when it is connected, and through what. */
  readonly onOpen: (client: Client) => void;
}

/**
 * By these the server, too, gives up a connection whose other end is gone, with the locks that it holds. They are set by a
 * statement: a pooler in session mode refuses settings that come with the connection.
 */
const SETTINGS = {
  jit: "off",
  tcp_keepalives_idle: "30",
  tcp_keepalives_interval: "10",
  tcp_keepalives_count: "3",
  tcp_user_timeout: "60s",
};
/** How long a server may take to close what we are done with. */
const FAREWELL_MS = 2_000;

/** A statement as it is asked: with a name it is prepared once. */
interface Question {
  readonly name?: string | undefined;
  readonly text: string;
  readonly values?: readonly unknown[];
}

/**
 * A connection that never ends the process, never waits for ever, and leaves no socket behind when it cannot connect: the
 * server would wait a minute for its next word.
 */
export class Client extends pg.Client {
  /** Something was asked on it before: the server may have closed it since, unnoticed. */
  isUsed = false;
  /** Somebody else answered in the server's place: its process has another number than the one we were told. */
  isPooled = false;
  /** What the server knows it by, once it is connected. */
  session: Session | undefined;
  #config: ClientConfig;
  #reached: Promise<unknown> | undefined;
  readonly #watch: Watch;

  constructor(config: ClientConfig) {
    super(config);
    this.#config = config;
    this.#watch = new Watch({
      clock: config.clock,
      heard: () => this.#socket.bytesRead,
      onSilence: (ms) => this.#destroy(`the server has not answered for ${ms / 1_000} s`),
    });
    // Between two owners nobody else listens, and an error that nobody hears is thrown to the process.
    this.on("error", () => {});
    this.once("end", () => this.#watch.stop());
  }

  /** Sends a statement. Fails when the server says nothing at all for this long; the connection is gone then. */
  ask({ name, text, values }: Question, mayTakeMs: number): Promise<pg.QueryResult> {
    this.#watch.asked(mayTakeMs);
    return new Promise((resolve, reject) => {
      let isOpen = true;
      const answered = (error: Error | undefined, result: pg.QueryResult) => {
        // pg answers twice where a value could not be sent.
        if (!isOpen) return;
        isOpen = false;
        this.#watch.answered();
        if (error) reject(error);
        else resolve(result);
      };
      // A query that pg makes of an object is a slow copy, and its promise has two more around it.
      const query = new pg.Query(text, values as unknown[], answered as never);
      this.query(name === undefined ? query : Object.assign(query, { name }));
    });
  }

  /** What is sent by this call leaves together: one call of the system, one waking of the server. */
  together<T>(send: () => T): T {
    const socket = this.#socket;
    socket.cork();
    try {
      return send();
    } finally {
      socket.uncork();
    }
  }

  /** Connects, and asks for nothing yet. May be called again. */
  reach(): Promise<unknown> {
    this.#reached ??= super.connect().catch((error: unknown) => {
      this.#socket.destroy();
      throw error;
    });
    return this.#reached;
  }

  /** Says what it is for, once it was reached and before it is connected. */
  serve(config: ClientConfig): this {
    const { application_name } = config;
    const { connectionParameters } = this as unknown as { connectionParameters: pg.ClientConfig };
    // A name that the address gives is that of all connections.
    const isOurs = connectionParameters.application_name === this.#config.application_name;
    this.#config = isOurs ? { ...config, settings: { ...config.settings, application_name } } : config;
    return this;
  }

  override connect(): Promise<pg.Client>;
  override connect(callback: (error: Error | null) => void): void;
  override connect(callback?: (error: Error | null) => void): unknown {
    const connected = this.#open().catch((error: unknown) => {
      this.#socket.destroy();
      throw error;
    });
    return callback === undefined ? connected : connected.then(() => callback(null), callback);
  }

  override end(): Promise<void>;
  override end(callback: (error: Error) => void): void;
  override end(callback?: (error: Error) => void): unknown {
    const timer = this.#config.clock.timers.after(FAREWELL_MS, () => this.#destroy("the server did not close it"));
    const ended = super.end().finally(() => timer.cancel());
    return callback === undefined ? ended : ended.then(() => (callback as () => void)(), callback);
  }

  async #open(): Promise<pg.Client> {
    await this.reach();
    const { patience, settings: own } = this.#config;
    const idle = { idle_in_transaction_session_timeout: String(patience.idle) };
    const settings = Object.entries({ ...SETTINGS, ...idle, ...own });
    const set = settings.map((_, index) => `set_config($${2 * index + 1}, $${2 * index + 2}, false)`);
    const text = `
      select pid, backend_start::text as "startedAt", ${set.join(", ")} from pg_stat_get_activity(pg_backend_pid())`;
    const { rows } = await this.ask({ text, values: settings.flat() }, patience.connect);
    const { pid, startedAt } = rows[0];
    const { processID } = this as unknown as { processID: number | null };
    this.isPooled = processID !== null && processID !== pid;
    this.session = { pid, startedAt };
    this.#config.onOpen(this);
    return this;
  }

  get #socket(): Socket {
    return (this as unknown as { connection: { stream: Socket } }).connection.stream;
  }

  #destroy(why: string): void {
    this.#socket.destroy(Object.assign(new Error(why), { code: "ETIMEDOUT" }));
  }
}
