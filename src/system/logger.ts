/** Where the long-running parts write what they do: one line each, never a secret. */
export interface Logger {
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
  /** Resolves when what was logged is written; absent where nothing can keep it from being so. */
  flush?(): Promise<void>;
}

/** Says nothing; for tests. */
export const silentLogger: Logger = { info() {}, warn() {}, error() {} };
