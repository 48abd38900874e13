import { defineCommand } from '../cli/command.ts';

/** `kubectl alpha`: holds commands that are tried out; as in kubectl 1.36 there is none. */
export const alphaCommand = defineCommand({
  path: ['alpha'],
  usage: '',
  short: 'Commands for features in alpha',
  flags: [],
  toOptions: () => ({}),
  run(_options, { streams }) {
    streams.err.write('No alpha commands are available in this version of kubectl\n');
    return Promise.resolve();
  },
});
