import type { CommandDefinition } from './command.ts';

/** One line of the table of commands: enough for the help of its parent, and how to load the rest. */
export interface CommandEntry {
  readonly path: readonly string[];
  readonly short: string;
  readonly aliases?: readonly string[];
  readonly hidden?: boolean;
  /** Heading in the list of the root. */
  readonly group?: string;
  /** Loads the command; absent for one that only holds subcommands. */
  readonly load?: () => Promise<CommandDefinition>;
  /** For one that only holds subcommands: what its help says. */
  readonly long?: string;
}
