import type { FlagDefinition } from './command.ts';

const text = (name: string, description: string, shorthand?: string): FlagDefinition => ({
  name,
  ...(shorthand === undefined ? {} : { shorthand }),
  type: 'string',
  default: '',
  description,
});
const flag = (name: string, description: string): FlagDefinition => ({
  name,
  type: 'bool',
  default: 'false',
  description,
});
const list = (name: string, description: string): FlagDefinition => ({
  name,
  type: 'stringArray',
  default: '[]',
  description,
});

/** The flags of every command. @param home the home folder, for the default of --cache-dir */
export function globalFlags(home: string): readonly FlagDefinition[] {
  return [
    text('as', 'User to act as: a user name, or a service account in a namespace.'),
    list('as-group', 'Group to act as; may be repeated.'),
    text('as-uid', 'UID to act as.'),
    list('as-user-extra', 'Extra information of the user to act as; may be repeated, also for one key.'),
    { name: 'cache-dir', type: 'string', default: `${home}/.kube/cache`, description: 'Folder of the cache' },
    text('certificate-authority', 'File with the certificate of the authority to trust'),
    text('client-certificate', 'File with the client certificate for TLS'),
    text('client-key', 'File with the client key for TLS'),
    text('cluster', 'Name of the cluster in the kubeconfig to use'),
    text('context', 'Name of the context in the kubeconfig to use'),
    flag('disable-compression', 'Ask the server not to compress its answers'),
    flag('insecure-skip-tls-verify', "Do not check the server's certificate. This makes HTTPS connections insecure"),
    text('kubeconfig', 'Kubeconfig file to use for this command.'),
    text('kuberc', 'File with preferences. KUBECTL_KUBERC=false in the environment, or KUBERC=off, turns them off.'),
    {
      name: 'log-flush-frequency',
      terse: true,
      type: 'duration',
      default: '5s',
      description: 'Longest time between flushes of the log',
    },
    flag('match-server-version', 'Require the version of the server to be the version of the client'),
    text('namespace', 'Namespace to work in', 'n'),
    text('password', 'Password for basic authentication'),
    {
      name: 'profile',
      type: 'string',
      default: 'none',
      description: 'Profile to record: none|cpu|heap|goroutine|threadcreate|block|mutex|trace',
    },
    { name: 'profile-output', type: 'string', default: 'profile.pprof', description: 'File to write the profile to' },
    {
      name: 'request-timeout',
      type: 'string',
      default: '0',
      description:
        'How long to wait for one request. Anything but zero should have a unit (1s, 2m, 3h). Zero waits for ever.',
    },
    text('server', 'Address and port of the API server', 's'),
    text('tls-server-name', "Name to expect in the server's certificate instead of its host name"),
    text('token', 'Bearer token for authentication'),
    text('user', 'Name of the user in the kubeconfig to use'),
    text('username', 'User name for basic authentication'),
    { name: 'v', shorthand: 'v', type: 'int32', default: '0', description: 'How much to log' },
    {
      name: 'vmodule',
      type: 'string',
      default: '',
      description: 'Comma-separated pattern=N settings for logging by file',
    },
    flag('warnings-as-errors', 'Treat warnings of the server as errors: the exit code is not zero'),
  ];
}
