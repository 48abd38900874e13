import { AmbiguousMatchError, NoMatchError, type RestMapper, type RestMapping } from '../apimachinery/rest-mapping.ts';

/** What a command line names: kinds, and perhaps names of each. */
export interface ResourceArgument {
  readonly mapping: RestMapping;
  /** undefined: all of the kind. */
  readonly name: string | undefined;
}

/** Arguments that name nothing, or too much; the message is what follows `error: `. */
export class ResourceArgumentError extends Error {}

/**
 * Reads `TYPE`, `TYPE1,TYPE2`, `TYPE NAME…` and `TYPE/NAME…`; `all` and other categories stand for their kinds.
 * @throws ResourceArgumentError, NoMatchError
 */
export function parseResourceArguments(args: readonly string[], mapper: RestMapper): ResourceArgument[] {
  if (args.length === 0) return [];
  const [types = '', ...names] = args;
  const kinds = [...new Set(types.split(','))];
  // `a,b name` is `a/name b/name`.
  const spelled =
    names.length > 0 && kinds.length > 1 ? kinds.flatMap((kind) => names.map((name) => `${kind}/${name}`)) : args;
  if (spelled.some((argument) => argument.includes('/'))) return namedArguments(spelled, mapper);
  const mappings = expandTypes(kinds, mapper);
  if (names.length === 0) return mappings.map((mapping) => ({ mapping, name: undefined }));
  if (mappings.length > 1) throw new ResourceArgumentError('you must specify only one resource');
  return mappings.flatMap((mapping) => names.map((name) => ({ mapping, name })));
}

/** All of the form `TYPE/NAME`. */
function namedArguments(args: readonly string[], mapper: RestMapper): ResourceArgument[] {
  if (args.some((argument) => !argument.includes('/'))) {
    throw new ResourceArgumentError(
      "there is no need to specify a resource type as a separate argument when passing arguments in resource/name form (e.g. 'kubectl get resource/<resource_name>' instead of 'kubectl get resource resource/<resource_name>'",
    );
  }
  const named = args.map((argument) => {
    const [type = '', name = '', ...more] = argument.split('/');
    if (more.length > 0) {
      throw new ResourceArgumentError('arguments in resource/name form may not have more than one slash');
    }
    if (type === '' || name === '' || type.includes(',')) {
      throw new ResourceArgumentError('arguments in resource/name form must have a single resource and name');
    }
    return { type, name };
  });
  return named.map(({ type, name }) => ({ mapping: mapper.mappingForArgument(type), name }));
}

function expandTypes(types: readonly string[], mapper: RestMapper): RestMapping[] {
  const mappings = types.flatMap((type) => {
    const members = mapper.resourcesInCategory(type);
    if (members === undefined) return [mapper.mappingForArgument(type)];
    return members.map(({ group, resource }) =>
      mapper.mappingForArgument(group === '' ? resource : `${resource}.${group}`),
    );
  });
  const seen = new Set<string>();
  return mappings.filter(({ gvr }) => {
    const key = `${gvr.group}/${gvr.resource}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

/** Whether an error says that a kind or resource is not known. */
export function isNoMatch(error: unknown): error is Error {
  return error instanceof NoMatchError || error instanceof AmbiguousMatchError;
}
