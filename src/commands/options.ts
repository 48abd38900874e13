import { defineCommand } from '../cli/command.ts';
import { globalFlags } from '../cli/global-flags.ts';
import { renderFlags } from '../cli/help.ts';
import { homeFolder } from '../cli/program.ts';

/** `kubectl options`: the flags of every command. */
export const optionsCommand = defineCommand({
  path: ['options'],
  usage: '',
  short: 'List the flags that every command has',
  flags: [],
  toOptions: (_args, _flags, context) => ({ home: homeFolder(context.env) }),
  run({ home }, { streams }) {
    streams.out.write(`The following options can be passed to any command:\n\n${renderFlags(globalFlags(home))}`);
    return Promise.resolve();
  },
});
