import type { buildConnector } from 'undici';

type Connector = buildConnector.connector;

/** How making a connection ended. */
type ConnectorOutcome = Parameters<Parameters<Connector>[1]>;

/** Makes connections before undici asks for them. */
export class ReadyConnections {
  readonly #connect: Connector;
  readonly #limit: number;
  readonly #ready: Promise<ConnectorOutcome>[] = [];
  /** What undici wanted last: all connections of a transport lead to the same place. */
  #options: Parameters<Connector>[0] | undefined;
  #made = 0;

  constructor(connect: Connector, limit: number) {
    this.#connect = connect;
    this.#limit = limit;
  }

  /** Gives out what is ready first. */
  readonly connector: Connector = (options, callback) => {
    this.#options = options;
    void this.#give(options, callback);
  };

  /** Opens what is missing for so many requests at once; nothing before the first connection was asked for. */
  open(requests: number): void {
    const options = this.#options;
    if (options === undefined) return;
    for (let count = this.#made; count < Math.min(requests, this.#limit); count++)
      this.#ready.push(this.#make(options));
  }

  close(): void {
    for (const connection of this.#ready.splice(0)) void connection.then(([, socket]) => socket?.destroy());
  }

  async #give(options: Parameters<Connector>[0], callback: Parameters<Connector>[1]): Promise<void> {
    callback(...(await this.#take(options)));
  }

  async #take(options: Parameters<Connector>[0]): Promise<ConnectorOutcome> {
    for (let next = this.#ready.shift(); next !== undefined; next = this.#ready.shift()) {
      const outcome = await next;
      // One that failed, or that the server has given up meanwhile, is made anew.
      if (outcome[1]?.destroyed === false) return outcome;
    }
    return this.#make(options);
  }

  #make(options: Parameters<Connector>[0]): Promise<ConnectorOutcome> {
    this.#made++;
    return new Promise((resolve) => this.#connect(options, (...outcome) => resolve(outcome)));
  }
}
