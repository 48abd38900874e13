import { formatGroupVersion } from '../apimachinery/gvk.ts';
import type { DiscoveredResource } from '../apimachinery/discovery-document.ts';
import { CommandError, defineCommand, UsageError } from '../cli/command.ts';
import { noHeadersFlag } from '../cli/flags.ts';
import { TabWriter } from '../printers/tab-writer.ts';
import { stringifyGoJson } from '../apimachinery/go-json.ts';
import { createPrinter, hasKyaml, noCompatiblePrinter } from '../printers/print-flags.ts';

interface ApiResourcesOptions {
  readonly output: string;
  readonly noHeaders: boolean;
  readonly sortBy: string;
  readonly group: string | undefined;
  readonly namespaced: boolean | undefined;
  readonly verbs: readonly string[];
  readonly categories: readonly string[];
  readonly cached: boolean;
}

const outputs = ['json', 'kyaml', 'name', 'wide', 'yaml'];

/** `api-resources`: the kinds the server has. */
export const apiResourcesCommand = defineCommand<ApiResourcesOptions>({
  path: ['api-resources'],
  usage: '[flags]',
  short: 'Print the supported API resources on the server',
  long: 'List the resources of the server with their short names, group versions and kinds.',
  examples: '  # Those that live in namespaces, with their verbs\n  kubectl api-resources --namespaced=true -o wide',
  flags: [
    noHeadersFlag,
    {
      name: 'output',
      shorthand: 'o',
      type: 'string',
      default: '',
      description: `Output format. One of: (${outputs.join(', ')}).`,
    },
    { name: 'api-group', type: 'string', default: '', description: 'Only resources of this group.' },
    { name: 'cached', type: 'bool', default: 'false', description: 'Use what is remembered of the server.' },
    {
      name: 'categories',
      type: 'stringSlice',
      default: '[]',
      description: 'Only resources that are in all of these categories.',
    },
    {
      name: 'namespaced',
      type: 'bool',
      default: 'true',
      description: 'Only resources that live in namespaces, or (false) that do not.',
    },
    { name: 'sort-by', type: 'string', default: '', description: 'Sort by name or kind.' },
    { name: 'verbs', type: 'stringSlice', default: '[]', description: 'Only resources that know all of these verbs.' },
    {
      name: 'show-managed-fields',
      type: 'bool',
      default: 'false',
      description: 'Keep managedFields when objects are printed as JSON or YAML.',
    },
  ],
  toOptions(args, flags, { env }) {
    if (args.length > 0) throw new UsageError(`unexpected arguments: [${args.join(' ')}]`);
    const output = flags.string('output');
    const known = outputs.filter((format) => format !== 'kyaml' || hasKyaml(env));
    if (output !== '' && !known.includes(output)) throw noCompatiblePrinter(output, known);
    const sortBy = flags.string('sort-by');
    if (!['', 'name', 'kind'].includes(sortBy)) throw new CommandError('--sort-by accepts only name or kind');
    return {
      output,
      noHeaders: flags.bool('no-headers'),
      sortBy,
      group: flags.changed('api-group') ? flags.string('api-group') : undefined,
      namespaced: flags.changed('namespaced') ? flags.bool('namespaced') : undefined,
      verbs: flags.list('verbs'),
      categories: flags.list('categories'),
      cached: flags.bool('cached'),
    };
  },
  async run(options, context) {
    const discovery = await context.cluster.discovery();
    const mapper = options.cached ? await discovery.mapper() : await discovery.refresh();
    // Nothing at all is told of a server that knows no kinds.
    if (mapper.groups.length === 0 && options.output === '') return;
    const chosen = mapper.groups
      .flatMap(({ versions, preferredVersion }) =>
        versions.filter(({ version }) => version === preferredVersion).flatMap(({ resources }) => resources ?? []),
      )
      .filter((resource) => isChosen(resource, options));
    const sorted = chosen.toSorted((left, right) => compare(left, right, options.sortBy));
    const { out } = context.streams;
    if (options.output === 'name') {
      for (const { name, group } of sorted) out.write(`${group === '' ? name : `${name}.${group}`}\n`);
      return;
    }
    if (options.output === 'json') {
      out.write(`${stringifyGoJson(resourceList(sorted), '    ')}\n`);
      return;
    }
    const printer = await createPrinter({ output: options.output === 'wide' ? '' : options.output });
    if (printer !== undefined) {
      out.write(printer.print(JSON.parse(stringifyGoJson(resourceList(sorted)))));
      return;
    }
    out.write(asTable(sorted, options));
  },
});

function isChosen(resource: DiscoveredResource, options: ApiResourcesOptions): boolean {
  if (resource.verbs.length === 0) return false;
  if (options.group !== undefined && resource.group !== options.group) return false;
  if (options.namespaced !== undefined && resource.namespaced !== options.namespaced) return false;
  return (
    options.verbs.every((verb) => resource.verbs.includes(verb)) &&
    options.categories.every((category) => resource.categories.includes(category))
  );
}

function compare(left: DiscoveredResource, right: DiscoveredResource, by: string): number {
  const text = (resource: DiscoveredResource): string[] =>
    by === 'name' ? [resource.name] : by === 'kind' ? [resource.kind] : [resource.group, resource.name];
  const a = text(left);
  const b = text(right);
  for (const [index, value] of a.entries()) {
    const other = b[index] ?? '';
    if (value !== other) return value < other ? -1 : 1;
  }
  return 0;
}

function asTable(resources: readonly DiscoveredResource[], options: ApiResourcesOptions): string {
  const writer = new TabWriter();
  const isWide = options.output === 'wide';
  const line = (cells: readonly string[]): void => writer.write(`${cells.join('\t')}\n`);
  if (!options.noHeaders) {
    line(['NAME', 'SHORTNAMES', 'APIVERSION', 'NAMESPACED', 'KIND', ...(isWide ? ['VERBS', 'CATEGORIES'] : [])]);
  }
  for (const resource of resources) {
    const { name, shortNames, namespaced, kind, verbs, categories } = resource;
    const wide = isWide ? [verbs.join(','), categories.join(',')] : [];
    line([name, shortNames.join(','), formatGroupVersion(resource), `${namespaced}`, kind, ...wide]);
  }
  return writer.flush();
}

/** A metav1.APIResourceList, its fields in the order of their declaration. */
function resourceList(resources: readonly DiscoveredResource[]): ReadonlyMap<string, unknown> {
  return new Map<string, unknown>([
    ['kind', 'APIResourceList'],
    ['apiVersion', 'v1'],
    ['groupVersion', ''],
    ['resources', resources.map(resourceFields)],
  ]);
}

function resourceFields(resource: DiscoveredResource): ReadonlyMap<string, unknown> {
  const { name, singularName, namespaced, group, version, kind, verbs, shortNames, categories } = resource;
  return new Map<string, unknown>([
    ['name', name],
    ['singularName', singularName],
    ['namespaced', namespaced],
    ...(group === '' ? [] : ([['group', group]] as const)),
    ['version', version],
    ['kind', kind],
    ['verbs', verbs],
    ...(shortNames.length > 0 ? ([['shortNames', shortNames]] as const) : []),
    ...(categories.length > 0 ? ([['categories', categories]] as const) : []),
  ]);
}
