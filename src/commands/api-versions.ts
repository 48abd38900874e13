import { formatGroupVersion } from '../apimachinery/gvk.ts';
import { CommandError, defineCommand, UsageError } from '../cli/command.ts';
import { TransportError } from '../client/transport-error.ts';

/** `kubectl api-versions`. */
export const apiVersionsCommand = defineCommand({
  path: ['api-versions'],
  usage: '',
  short: 'Print the supported API versions on the server, in the form of "group/version"',
  examples: '# The versions that the server has\nkubectl api-versions',
  flags: [],
  toOptions(args) {
    if (args.length > 0) throw new UsageError(`unexpected arguments: [${args.join(' ')}]`);
    return {};
  },
  async run(_options, { streams, cluster }) {
    const discovery = await cluster.discovery();
    const mapper = await discovery.refresh().catch(async (error: unknown) => {
      const { requestFailure } = await import('../client/transport-reason.ts');
      const reason = error instanceof TransportError ? requestFailure(error) : (error as Error).message;
      throw new CommandError(`couldn't get available api versions from server: ${reason}`, 1, { cause: error });
    });
    const versions = mapper.groups.flatMap(({ name, versions: all }) =>
      all.map(({ version }) => formatGroupVersion({ group: name, version })),
    );
    streams.out.write(
      [...new Set(versions)]
        .sort()
        .map((line) => `${line}\n`)
        .join(''),
    );
  },
});
