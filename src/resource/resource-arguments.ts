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
  const hasSlash = args.some((argument) => argument.includes('/'));
  if (hasSlash) {
    return args.map((argument) => {
      const parts = argument.split('/');
      if (parts.length !== 2) {
        throw new ResourceArgumentError(
          argument.includes('/')
            ? 'arguments in resource/name form may not have more than one slash'
            : "there is no need to specify a resource type as a separate argument when passing arguments in resource/name form (e.g. 'kubectl get resource/<resource_name>' instead of 'kubectl get resource resource/<resource_name>'",
        );
      }
      const [type = '', name = ''] = parts;
      if (type === '' || name === '') {
        throw new ResourceArgumentError('arguments in resource/name form must have a single resource and name');
      }
      return { mapping: mapper.mappingForArgument(type), name };
    });
  }
  const [types = '', ...names] = args;
  const mappings = expandTypes(types, mapper);
  if (names.length === 0) return mappings.map((mapping) => ({ mapping, name: undefined }));
  return mappings.flatMap((mapping) => names.map((name) => ({ mapping, name })));
}

function expandTypes(types: string, mapper: RestMapper): RestMapping[] {
  const mappings = types
    .split(',')
    .filter((type) => type !== '')
    .flatMap((type) => {
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
