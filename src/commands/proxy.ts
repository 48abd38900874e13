import { resolve } from 'node:path';
import { messageOf } from '../apimachinery/error-message.ts';
import { serveRequest, serveUpgrade } from '../apimachinery/serve-http.ts';
import { goQuote } from '../apimachinery/field-error.ts';
import { TransportError } from '../client/transport-error.ts';
import { lookupReason } from '../client/transport-reason.ts';
import {
  type CommandContext,
  CommandError,
  defineCommand,
  type FlagDefinition,
  type FlagValues,
  PlainError,
} from '../cli/command.ts';
import { listenHttp } from '../system/http-listener.ts';
import { apiProxy } from './proxy/api-proxy.ts';
import { ExpressionError, parseExpressions, type RequestFilter } from './proxy/request-filter.ts';
import { klogLine } from '../system/klog.ts';

interface ProxyOptions {
  readonly address: string;
  readonly port: number;
  readonly unixSocket: string;
  readonly apiPrefix: string;
  readonly staticFolder: string;
  readonly staticPrefix: string;
  /** undefined lets everything pass. */
  readonly filter: RequestFilter | undefined;
  readonly keepAliveMillis: number;
  readonly appendServerPath: boolean;
}

const defaultPort = 8001;
const text = (name: string, value: string, description: string, shorthand?: string): FlagDefinition => ({
  name,
  type: 'string',
  default: value,
  description,
  ...(shorthand === undefined ? {} : { shorthand }),
});

/** `proxy`: the API server on a local port, with the credentials of the kubeconfig. */
export const proxyCommand = defineCommand<ProxyOptions>({
  path: ['proxy'],
  usage: '[--port=PORT] [--www=static-dir] [--www-prefix=prefix] [--api-prefix=prefix]',
  short: 'Run a proxy to the Kubernetes API server',
  long: 'Serve the API on a local port, with the credentials of the kubeconfig: whoever reaches the port acts as you. Files of a folder can be served beside it.',
  examples:
    '  # The API on port 8001\n  kubectl proxy\n\n  # On any free port, which is printed\n  kubectl proxy --port=0\n\n  # The API below /k8s-api, and files of ./www below /static/\n  kubectl proxy --api-prefix=/k8s-api --www=./www',
  flags: [
    text('www', '', 'A folder to serve files from as well', 'w'),
    text('www-prefix', '/static/', 'Path under which those files are found', 'P'),
    text('api-prefix', '/', 'Path under which the API is found'),
    text('accept-paths', '^.*', 'Regular expressions, separated by commas, of paths to pass on'),
    text(
      'reject-paths',
      '^/api/.*/pods/.*/exec,^/api/.*/pods/.*/attach',
      'Regular expressions of paths to refuse, whatever --accept-paths says',
    ),
    text(
      'accept-hosts',
      '^localhost$,^127\\.0\\.0\\.1$,^\\[::1\\]$',
      'Regular expressions of hosts, as requests name them, to pass on',
    ),
    text('reject-methods', '^$', "Regular expressions of methods to refuse, such as 'POST,PUT,PATCH'"),
    { name: 'port', shorthand: 'p', type: 'int', default: `${defaultPort}`, description: 'The port; 0 for a free one' },
    text('address', '127.0.0.1', 'The IP address to listen on'),
    {
      name: 'disable-filter',
      type: 'bool',
      default: 'false',
      description: 'Pass everything on. Pages of other sites may then use your credentials.',
    },
    text('unix-socket', '', 'A Unix socket to listen on', 'u'),
    {
      name: 'keepalive',
      type: 'duration',
      default: '0s',
      description: 'Time between signs of life on connections; 0 for none',
    },
    {
      name: 'append-server-path',
      type: 'bool',
      default: 'false',
      description: "Put the path of the kubeconfig's server before that of each request",
    },
  ],
  toOptions(_args, flags, { streams, clock }) {
    const withSlash = (prefix: string): string => (prefix.endsWith('/') ? prefix : `${prefix}/`);
    const [port, unixSocket] = [flags.int('port'), flags.string('unix-socket')];
    if (port !== defaultPort && unixSocket !== '') {
      throw new CommandError('cannot set --unix-socket and --port at the same time');
    }
    const isUnfiltered = flags.bool('disable-filter');
    if (isUnfiltered && unixSocket === '') {
      const warning = 'Request filter disabled, your proxy is vulnerable to XSRF attacks, please be cautious';
      streams.err.write(klogLine('W', clock.now(), 'proxy.go:177', warning));
    }
    return {
      address: flags.string('address'),
      port,
      unixSocket,
      apiPrefix: withSlash(flags.string('api-prefix')),
      staticFolder: flags.string('www'),
      staticPrefix: withSlash(flags.string('www-prefix')),
      filter: isUnfiltered ? undefined : filterOf(flags, clock.now()),
      keepAliveMillis: flags.duration('keepalive'),
      appendServerPath: flags.bool('append-server-path'),
    };
  },
  run: serve,
});

/** @throws PlainError for an expression that cannot be read */
function filterOf(flags: FlagValues, now: number): RequestFilter {
  try {
    return {
      acceptPaths: parseExpressions(flags.string('accept-paths')),
      rejectPaths: parseExpressions(flags.string('reject-paths')),
      acceptHosts: parseExpressions(flags.string('accept-hosts')),
      rejectMethods: parseExpressions(flags.string('reject-methods')),
    };
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    throw new PlainError(klogLine('F', now, 'proxy_server.go:83', error.message), 255);
  }
}

async function serve(options: ProxyOptions, context: CommandContext): Promise<void> {
  const { clock, streams, signal, files, cwd, log } = context;
  const { staticFolder, staticPrefix, unixSocket, address, port } = options;
  const serverPath = new URL((await context.cluster.server?.()) ?? 'http://localhost').pathname;
  if (!options.appendServerPath && serverPath !== '/') {
    const hint = 'use --append-server-path to automatically append the path to each request';
    const warning = `Your kube context contains a server path ${serverPath}, ${hint}`;
    streams.err.write(klogLine('W', clock.now(), 'proxy.go:172', warning));
  }
  if (staticFolder !== '') await warnAboutFolder(staticFolder, context);
  const onFailure = (reason: string, what: 'request' | 'upgrade'): void => {
    if (what === 'upgrade') {
      const problem = `"Proxy upgrade error" err=${goQuote(reason)}`;
      streams.err.write(klogLine('E', clock.now(), 'upgradeaware.go:367', problem));
    }
    const text = `Error while proxying request: ${reason}`;
    streams.err.write(klogLine('E', clock.now(), 'proxy_server.go:147', text));
  };
  const handle = apiProxy({
    client: await context.cluster.client(),
    apiPrefix: options.apiPrefix,
    appendServerPath: options.appendServerPath,
    filter: options.filter,
    files,
    log,
    onFailure,
    staticFiles: staticFolder === '' ? undefined : { folder: resolve(cwd, staticFolder), prefix: staticPrefix },
  });
  const served = {
    handle,
    onFailure: (error: unknown) => {
      // A client that goes is no error.
      if (error instanceof TransportError && error.kind === 'aborted') return;
      onFailure(messageOf(error), 'request');
    },
  };
  const place = unixSocket === '' ? { host: address, port } : { path: resolve(cwd, unixSocket) };
  const listener = await listenHttp(place, {
    keepAliveMillis: options.keepAliveMillis,
    onRequest: (...exchange) => void serveRequest(served, ...exchange),
    onUpgrade: (...upgrade) => void serveUpgrade(served, ...upgrade),
  }).catch(async (error: unknown) => {
    const place = unixSocket === '' ? `tcp ${address}:${port}` : `unix ${unixSocket}`;
    // Node tells of a folder that is not there as of one that may not be written.
    const isThere = unixSocket === '' || (await hasFolder(context, unixSocket));
    throw new CommandError(isThere ? listenProblem(error, place) : `listen ${place}: bind: no such file or directory`);
  });
  streams.out.write(`Starting to serve on ${listener.address}\n`);
  await new Promise<void>((done) => {
    if (signal.aborted) done();
    signal.addEventListener('abort', () => done(), { once: true });
  });
  listener.close();
  throw new CommandError('interrupted');
}

async function warnAboutFolder(folder: string, { files, cwd, streams, clock }: CommandContext): Promise<void> {
  const warn = (line: number, text: string): unknown =>
    streams.err.write(klogLine('W', clock.now(), `proxy.go:${line}`, text));
  try {
    if ((await files.stat(resolve(cwd, folder))).isFolder) return;
    warn(202, `Static file directory ${folder} is not a directory`);
  } catch {
    warn(200, `Failed to stat static file directory ${folder}: stat ${folder}: no such file or directory`);
  }
}

async function hasFolder({ files, cwd }: CommandContext, path: string): Promise<boolean> {
  const folder = resolve(cwd, path, '..');
  return files.stat(folder).then(
    () => true,
    () => false,
  );
}

const listenProblems: Readonly<Record<string, string>> = {
  EADDRINUSE: 'bind: address already in use',
  EACCES: 'bind: permission denied',
  EADDRNOTAVAIL: 'bind: cannot assign requested address',
  EINVAL: 'bind: invalid argument',
};

function listenProblem(error: unknown, place: string): string {
  const { code = '', message } = error as { readonly code?: string; readonly message: string };
  const port = place.slice(place.lastIndexOf(':') + 1);
  if (code === 'ERR_SOCKET_BAD_PORT') return `listen tcp: address ${port}: invalid port`;
  if (code === 'ENOTFOUND') return `listen tcp: ${lookupReason(place.replace(/^tcp /, ''), code)}`;
  return `listen ${place}: ${listenProblems[code] ?? message}`;
}
