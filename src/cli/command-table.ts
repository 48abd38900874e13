import type { CommandDefinition } from './command.ts';

/** The heading of what plugins on the PATH add. */
export const pluginGroup = 'Subcommands provided by plugins:';

/** Headings in the list of the root, in the order in which they stand there. */
export const commandGroups: readonly string[] = [
  'Basic Commands (Beginner):',
  'Basic Commands (Intermediate):',
  'Deploy Commands:',
  'Cluster Management Commands:',
  'Local Clusters:',
  'Troubleshooting and Debugging Commands:',
  'Advanced Commands:',
  'Settings Commands:',
  // Listed though there are none, as the real program does.
  pluginGroup,
  'Other Commands:',
];

/** One line of the table of commands: enough for the help of its parent, and how to load the rest. */
export interface CommandEntry {
  readonly path: readonly string[];
  readonly short: string;
  readonly aliases?: readonly string[];
  readonly hidden?: boolean;
  /** The command that it is another name of, where the user's preferences add it. */
  readonly standsFor?: readonly string[];
  /**
   * For one with others below it: names and letters of its flags that need no value. They tell where the next command
   * is named before the flags are loaded.
   */
  readonly switches?: readonly string[];
  /** Words of other programs for the same, which are met with a hint. */
  readonly suggestFor?: readonly string[];
  /** Heading in the list of the root. */
  readonly group?: string;
  /** Loads the command; absent for one that only holds subcommands. */
  readonly load?: () => Promise<CommandDefinition>;
  /** For one that only holds subcommands: what stands behind its name in the usage line, where it is not `SUBCOMMAND`. */
  readonly usage?: string;
  /** For one that only holds subcommands: what its help says. */
  readonly long?: string;
  /**
   * For one that only holds subcommands: what it does when none is named. Most write their help on standard error and
   * fail, which also tells of a subcommand that does not exist.
   */
  readonly alone?: 'fails-on-stdout' | 'succeeds';
}
