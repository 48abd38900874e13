import { CommandError } from '../../../cli/command.ts';
import { addFiles } from '../../../generators/key-sources.ts';
import { defined, stringifyTyped } from '../../../generators/typed-json.ts';
import { createFromFlags } from '../create-from-flags.ts';
import { appendHashFlag, fromFileFlag } from '../source-flags.ts';
import { SecretContent, secrets } from './secret-object.ts';

const key = '.dockerconfigjson';

/** `create secret docker-registry`. */
export const createDockerRegistrySecretCommand = createFromFlags({
  path: ['create', 'secret', 'docker-registry'],
  usage:
    'NAME --docker-username=user --docker-password=password --docker-email=email [--docker-server=string] [--from-file=[key=]source] [--dry-run=server|client|none]',
  short: 'Create a secret for use with a Docker registry',
  long: 'Create a secret with which images are pulled from a registry that asks who one is.',
  examples:
    '  # From a name and a password\n  kubectl create secret docker-registry pull --docker-server=registry.example.com --docker-username=ann --docker-password=secret',
  flags: [
    appendHashFlag,
    { name: 'docker-email', type: 'string', default: '', description: 'Address at the registry' },
    { name: 'docker-password', type: 'string', default: '', description: 'Password at the registry' },
    {
      name: 'docker-server',
      type: 'string',
      default: 'https://index.docker.io/v1/',
      description: 'Where the registry is',
    },
    { name: 'docker-username', type: 'string', default: '', description: 'Name at the registry' },
    fromFileFlag,
  ],
  resource: secrets,
  namespaced: true,
  failure: 'failed to create secret ',
  prepare({ name, flags, context }) {
    const server = flags.string('docker-server');
    const username = flags.string('docker-username');
    const password = flags.string('docker-password');
    const email = flags.string('docker-email');
    const fromFile = flags.list('from-file').map((source) => (source.includes('=') ? source : `${key}=${source}`));
    if (fromFile.length === 0 && (username === '' || password === '' || server === '')) {
      throw new CommandError(
        'either --from-file or the combination of --docker-username, --docker-password and --docker-server is required',
      );
    }
    const auth = Buffer.from(`${username}:${password}`).toString('base64');
    const login = defined({ username, password, email: email === '' ? undefined : email, auth });
    const { files, cwd, env } = context;
    const sources = { files, cwd, env, fromFile, fromLiteral: [], fromEnvFile: [], envFileNoun: '' };
    return async () => {
      const content = new SecretContent();
      if (fromFile.length > 0) await addFiles(sources, (name, value) => content.add(name, value));
      else content.add(key, Buffer.from(stringifyTyped({ auths: { [server]: login } })));
      return content.toObject(name, 'kubernetes.io/dockerconfigjson', flags.bool('append-hash'));
    };
  },
});
