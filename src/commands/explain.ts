import { type GroupVersionResource, gvkText, parseGroupVersion } from '../apimachinery/gvk.ts';
import { NoMatchError, type RestMapper, type RestMapping } from '../apimachinery/rest-mapping.ts';
import { isJsonObject } from '../apimachinery/json.ts';
import { type JsonPathNode, parseJsonPathTemplate } from '../apimachinery/jsonpath-parser.ts';
import { parseJson } from '../apimachinery/json-codec.ts';
import { type CommandContext, CommandError, defineCommand, PlainError } from '../cli/command.ts';
import { noResourceMatch } from '../cli/exit.ts';
import { explainHeader, explainSchema } from '../describe/explain-schema.ts';

interface ExplainOptions {
  readonly argument: string;
  readonly apiVersion: string;
  readonly recursive: boolean;
  readonly output: string;
}

/** `explain`: what a kind's fields are, from what the server publishes. */
export const explainCommand = defineCommand<ExplainOptions>({
  path: ['explain'],
  usage: 'TYPE [--recursive=FALSE|TRUE] [--api-version=api-version-group] [-o|--output=plaintext|plaintext-openapiv2]',
  short: 'Get documentation for a resource',
  long: 'Tell the fields of a kind, or of one of its fields (TYPE.field.field), with their types and what they mean. The server says it, so custom resources are explained too.\n\nUse "kubectl api-resources" for a complete list of supported resources.',
  examples:
    '  # A kind\n  kubectl explain pods\n\n  # One field, with all below it\n  kubectl explain deployments.spec.strategy --recursive\n\n  # Another version\n  kubectl explain hpa --api-version=autoscaling/v1',
  flags: [
    { name: 'api-version', type: 'string', default: '', description: 'Group and version to explain the kind of' },
    {
      name: 'output',
      shorthand: 'o',
      type: 'string',
      default: 'plaintext',
      description: 'Form of the text: plaintext, or plaintext-openapiv2 for the same from old servers',
    },
    {
      name: 'recursive',
      shorthand: 'R',
      type: 'bool',
      default: 'false',
      description: 'Fields of fields, without texts',
    },
  ],
  toOptions(args, flags) {
    const [argument, ...others] = args;
    if (argument === undefined) {
      throw new CommandError(
        'You must specify the type of resource to explain. Use "kubectl api-resources" for a complete list of supported resources.',
      );
    }
    if (others.length > 0) throw new CommandError('We accept only this format: explain RESOURCE');
    const output = flags.string('output');
    if (output !== 'plaintext' && output !== 'plaintext-openapiv2') {
      throw new CommandError(`unrecognized format: ${output}`);
    }
    return { argument, output, apiVersion: flags.string('api-version'), recursive: flags.bool('recursive') };
  },
  async run(options, context) {
    const { argument, apiVersion } = options;
    const discovery = await context.cluster.discovery();
    let found: Explained;
    try {
      found = await discovery.withMapper((mapper) => splitArgument(argument, apiVersion === '', mapper));
    } catch (error) {
      if (!(error instanceof NoMatchError)) throw error;
      const [name = ''] = argument.split('.');
      throw new PlainError(noResourceMatch(name).message);
    }
    if (options.output === 'plaintext' && (await publishesVersion3(context))) {
      return explainVersion3(found, options, context);
    }
    return explainVersion2(found, options, context);
  },
});

/** What an argument names. */
interface Explained {
  readonly mapping: RestMapping;
  readonly fields: readonly string[];
}

/** Servers before 1.24 publish Swagger 2.0 alone. */
async function publishesVersion3(context: CommandContext): Promise<boolean> {
  return (await context.cluster.openApi()).isPublished();
}

async function explainVersion3(
  { mapping, fields }: Explained,
  { apiVersion, recursive }: ExplainOptions,
  context: CommandContext,
): Promise<void> {
  const { group, version } = apiVersion === '' ? mapping.gvr : parseGroupVersion(apiVersion);
  const document = await (await context.cluster.openApi()).document(group, version);
  const gvr = `${group}/${version}, Resource=${mapping.gvr.resource}`;
  if (document === undefined) throw new CommandError(`couldn't find resource for "${gvr}"`);
  const request = { document, gvk: { group, version, kind: mapping.gvk.kind }, fields, recursive };
  // What the server does not serve is in no path of the document.
  const isServed = mapping.resource.verbs.length > 0;
  const text = isServed ? explainSchema(request) : undefined;
  if (text === undefined && (fields.length === 0 || !isServed))
    throw new CommandError(`GVR (${gvr}) not found in OpenAPI schema`);
  context.streams.out.write(explainHeader(request));
  if (text === undefined) throw new CommandError(`field "${fields.at(-1) ?? ''}" does not exist`);
  context.streams.out.write(text);
}

async function explainVersion2(
  { mapping, fields }: Explained,
  { apiVersion, recursive }: ExplainOptions,
  context: CommandContext,
): Promise<void> {
  const { explainSwagger } = await import('../describe/explain-swagger.ts');
  const { kind } = mapping.gvk;
  const gvk = apiVersion === '' ? mapping.gvk : { ...parseGroupVersion(apiVersion), kind };
  const client = await context.cluster.client();
  const { body } = await client.request({ method: 'GET', path: '/openapi/v2', accept: 'application/json' });
  const document = parseJson(body);
  const text = explainSwagger({ document: isJsonObject(document) ? document : {}, gvk, fields, recursive });
  if (text === undefined) {
    throw new CommandError(`couldn't find resource for "${gvkText(gvk)}"`);
  }
  context.streams.out.write(text);
}

/** The names of a path, which is read as JSONPath and may have nothing but fields. @throws CommandError, JsonPathError */
function fieldNames(nodes: readonly JsonPathNode[]): readonly string[] {
  return nodes.map((node) => {
    if (node.type !== 'field') throw new CommandError('invalid jsonpath syntax, first node must be field node');
    return node.name;
  });
}

/** @throws JsonPathError */
function pathNodes(path: string): readonly JsonPathNode[] {
  const [list] = parseJsonPathTemplate(`{.${path.replace(/\.$/, '')}}`);
  return list?.type === 'list' ? list.nodes : [];
}

/**
 * `pods.spec` and, where --api-version does not name one, with the group in between, `deployments.apps.spec`. What
 * stands behind a resource's full name is read by itself, and what it begins with is passed over: `pods..spec`.
 */
function splitArgument(argument: string, mayNameGroup: boolean, mapper: RestMapper): Explained {
  const nodes = pathNodes(argument);
  const [name = ''] = fieldNames(nodes.slice(0, 1));
  const explained = (gvr: GroupVersionResource, fields: readonly string[]): Explained => {
    const kind = mapper.kindFor(gvr);
    return { mapping: mapper.mappingForKind(kind, kind.version), fields };
  };
  if (name === '') throw new CommandError('a resource must be present, got: /, Resource=');
  const partial = { group: '', version: '', resource: name };
  if (!mayNameGroup) return explained(mapper.resourceFor(partial), fieldNames(nodes.slice(1)));
  const candidates = mapper.resourcesFor(partial);
  for (const gvr of candidates) {
    const prefix = gvr.group === '' ? gvr.resource : `${gvr.resource}.${gvr.group}`;
    if (argument.startsWith(prefix))
      return explained(gvr, fieldNames(pathNodes(argument.slice(prefix.length)).slice(1)));
  }
  return explained(candidates[0] ?? mapper.resourceFor(partial), fieldNames(nodes.slice(1)));
}
