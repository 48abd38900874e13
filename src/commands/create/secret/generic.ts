import { addEnvFiles, addFiles, addLiterals } from '../../../generators/key-sources.ts';
import { createFromFlags } from '../create-from-flags.ts';
import { appendHashFlag, sourceFlags, sourcesOf } from '../source-flags.ts';
import { SecretContent, secrets } from './secret-object.ts';

/** `create secret generic`. */
export const createGenericSecretCommand = createFromFlags({
  path: ['create', 'secret', 'generic'],
  usage: 'NAME [--type=string] [--from-file=[key=]source] [--from-literal=key1=value1] [--dry-run=server|client|none]',
  short: 'Create a secret from a local file, directory, or literal value',
  long: 'Create a secret with values from the command line, from files, or from all files of a folder.',
  examples: '  # One value\n  kubectl create secret generic app --from-literal=password=hunter2',
  flags: [
    appendHashFlag,
    ...sourceFlags,
    { name: 'type', type: 'string', default: '', description: 'The type of the secret' },
  ],
  resource: secrets,
  namespaced: true,
  failure: 'failed to create secret ',
  prepare({ name, flags, context }) {
    const sources = sourcesOf(flags, context, 'env secret file');
    return async () => {
      const content = new SecretContent();
      const add = (key: string, value: Uint8Array): void => content.add(key, value);
      addLiterals(sources, add);
      await addFiles(sources, add);
      await addEnvFiles(sources, add);
      return content.toObject(name, flags.string('type'), flags.bool('append-hash'));
    };
  },
});
