import type { JsonObject } from '../../apimachinery/json.ts';
import { CommandError, defineCommand, type FlagDefinition, type FlagValues } from '../../cli/command.ts';
import { entryValue } from '../../kubeconfig/kubeconfig-changes.ts';
import { absolute, openKubeconfig, readForEmbedding, requireArguments, writeEntryWithPaths } from './config-places.ts';

const text = (name: string, description: string): FlagDefinition => ({
  name,
  type: 'string',
  default: '',
  description,
});
const tristate = (name: string, description: string): FlagDefinition => ({
  name,
  type: 'tristate',
  default: 'false',
  description,
});

/** `kubectl config set-cluster`. */
export const setClusterCommand = defineCommand({
  path: ['config', 'set-cluster'],
  usage:
    'NAME [--server=server] [--certificate-authority=path/to/certificate/authority] [--insecure-skip-tls-verify=true] [--tls-server-name=example.com]',
  short: 'Set a cluster entry in kubeconfig',
  long: 'Make a cluster entry, or change the given fields of the one of that name.',
  examples: '# Set only the server\nkubectl config set-cluster e2e --server=https://1.2.3.4',
  flags: [
    text('certificate-authority', 'File with the certificate of the authority'),
    tristate('embed-certs', 'Put the certificate itself into the kubeconfig'),
    tristate('insecure-skip-tls-verify', "Do not check the server's certificate"),
    text('proxy-url', 'Proxy to go through'),
    text('server', 'Address of the server'),
    text('tls-server-name', "Name to expect in the server's certificate"),
  ],
  toOptions(args, flags) {
    requireArguments(args, 1);
    if (args[0] === '') throw new CommandError('you must specify a non-empty cluster name');
    const authority = flags.string('certificate-authority');
    if (flags.bool('insecure-skip-tls-verify') && authority !== '') {
      throw new CommandError('you cannot specify a certificate authority and insecure mode at the same time');
    }
    if (flags.bool('embed-certs') && authority === '') {
      throw new CommandError('you must specify a --certificate-authority to embed');
    }
    return { name: args[0] ?? '', flags };
  },
  async run({ name, flags }, context) {
    const { places, kubeconfig } = await openKubeconfig(context);
    const value = entryValue(kubeconfig, 'clusters', name);
    for (const field of ['server', 'tls-server-name', 'proxy-url']) {
      if (flags.changed(field)) value[field] = flags.string(field);
    }
    // As the real program: another server has another name, and checking comes back unless it is switched off again.
    if (flags.changed('server') && !flags.changed('tls-server-name')) delete value['tls-server-name'];
    value['insecure-skip-tls-verify'] = flags.bool('insecure-skip-tls-verify');
    if (flags.bool('insecure-skip-tls-verify')) forget(value);
    if (flags.changed('certificate-authority')) await setAuthority(value, flags, context);
    await writeEntryWithPaths(context, { places, kubeconfig }, 'clusters', name, value);
    context.streams.out.write(`Cluster "${name}" set.\n`);
  },
});

function forget(value: JsonObject): void {
  delete value['certificate-authority'];
  delete value['certificate-authority-data'];
}

async function setAuthority(
  value: JsonObject,
  flags: FlagValues,
  context: Parameters<typeof openKubeconfig>[0],
): Promise<void> {
  const path = flags.string('certificate-authority');
  forget(value);
  if (flags.bool('embed-certs')) {
    value['certificate-authority-data'] = await readForEmbedding(context, 'certificate-authority', path);
  } else {
    value['certificate-authority'] = absolute(context, path);
  }
}
