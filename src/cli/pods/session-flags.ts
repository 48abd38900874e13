import type { FlagDefinition } from '../command.ts';

/** -c. */
export const containerFlag: FlagDefinition = {
  name: 'container',
  shorthand: 'c',
  type: 'string',
  default: '',
  description:
    "Container name; without it the one that the pod's annotation kubectl.kubernetes.io/default-container names, or the first.",
};

/** -i. */
export const stdinFlag: FlagDefinition = {
  name: 'stdin',
  shorthand: 'i',
  type: 'bool',
  default: 'false',
  description: 'Pass standard input to the container.',
};

/** -t. */
export const ttyFlag: FlagDefinition = {
  name: 'tty',
  shorthand: 't',
  type: 'bool',
  default: 'false',
  description: 'Standard input is a terminal.',
};

/** -q. */
export const quietFlag: FlagDefinition = {
  name: 'quiet',
  shorthand: 'q',
  type: 'bool',
  default: 'false',
  description: 'Print nothing but what the container prints.',
};
