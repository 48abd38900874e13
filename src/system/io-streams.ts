/** Where text goes. `write` resolves when more may be written (back pressure); it throws EPIPE when nobody reads. */
export interface OutputStream {
  write(text: string | Uint8Array): void;
  /** Resolves when what was written has been handed to the operating system. */
  flush(): Promise<void>;
  readonly isTerminal: boolean;
  /** Width in columns when it is a terminal. */
  readonly columns?: number;
  /** Calls back with the terminal's size, at once and whenever it changes, until the returned function is called. */
  watchSize?(listener: (size: { readonly width: number; readonly height: number }) => void): () => void;
}

/** Where input comes from. */
export interface InputStream {
  /** Reads everything until the end. */
  readAll(): Promise<Uint8Array>;
  /** Chunks as they come, for exec, attach and cp. */
  chunks(): AsyncIterable<Uint8Array>;
  /** The next line without its end, or undefined at the end of input; for prompts. */
  readLine(): Promise<string | undefined>;
  readonly isTerminal: boolean;
  /** Whether everything was asked for, so that nothing is left for anyone else. */
  readonly isTaken: boolean;
  /** Switches a terminal's raw mode; nothing happens when it is none. */
  setRawMode(raw: boolean): void;
  /** Stops reading: an input that goes on no longer keeps the program alive. */
  close(): void;
}

/** The three standard streams of a program. */
export interface IOStreams {
  readonly in: InputStream;
  readonly out: OutputStream;
  readonly err: OutputStream;
}
