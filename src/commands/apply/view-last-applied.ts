import { parseJson } from '../../apimachinery/json-codec.ts';
import { stringifyYaml } from '../../apimachinery/yaml.ts';
import { CommandError, defineCommand, UsageError } from '../../cli/command.ts';
import { filenameFlags, selectorFlag } from '../../cli/flags.ts';
import { type ManifestInput, manifestInput } from '../../cli/manifest-input.ts';
import { type LoadedTarget, loadTargets, resolveTargets } from '../../cli/resource-targets.ts';
import { lastAppliedOf } from '../../patch/last-applied.ts';

interface ViewOptions {
  readonly args: readonly string[];
  readonly input: ManifestInput;
  readonly all: boolean;
  readonly selector: string;
  readonly output: string;
}

/** `apply view-last-applied`: the manifests that apply last made objects from. */
export const viewLastAppliedCommand = defineCommand<ViewOptions>({
  path: ['apply', 'view-last-applied'],
  usage: '(TYPE [NAME | -l label] | TYPE/NAME | -f FILENAME)',
  short: 'View the latest last-applied-configuration annotations of a resource/object',
  long: 'Print what was last applied, as the annotation of the objects keeps it.',
  examples: '  kubectl apply view-last-applied deployment/web\n  kubectl apply view-last-applied -f app.yaml -o json',
  flags: [
    { name: 'all', type: 'bool', default: 'false', description: 'All objects of the kinds, in the namespace' },
    ...filenameFlags('that name the objects'),
    { name: 'output', shorthand: 'o', type: 'string', default: 'yaml', description: 'yaml or json' },
    selectorFlag,
  ],
  toOptions(args, flags) {
    const output = flags.string('output');
    return { args, input: manifestInput(flags), all: flags.bool('all'), selector: flags.string('selector'), output };
  },
  async run(options, context) {
    const targets = await resolveTargets(
      { ...options, fieldSelector: '', allNamespaces: false, namespaceCheck: 'loaded' },
      context,
    );
    // All are asked for at once; the first of them that is wrong is told of, in their order.
    const parts = targets.map((target) => loadTargets([target], context, { nameless: 'as-given' }));
    const texts: string[] = [];
    for (const { objects, errors } of await Promise.all(parts)) {
      if (errors.length > 0) throw errors[0];
      texts.push(...objects.flatMap(lastAppliedIn));
    }
    for (const text of texts) {
      if (options.output !== 'yaml' && options.output !== 'json') {
        throw new UsageError(
          `Unexpected -o output mode: ${options.output}, the flag 'output' must be one of yaml|json`,
        );
      }
      context.streams.out.write(options.output === 'yaml' ? stringifyYaml(parseJson(text)) : indentJson(text));
    }
  },
});

/** @throws CommandError for an object of a file that has none */
function lastAppliedIn({ object, name, source }: LoadedTarget): string[] {
  const text = lastAppliedOf(object);
  if (text !== undefined) return [text];
  // The real program says nothing of objects that were named, and has no reason to give for those of files.
  if (source === '') return [];
  throw new CommandError(
    `error when no last-applied-configuration annotation found on resource: ${name}\n ${JSON.stringify(source)}: <nil>`,
  );
}

/** Breaks JSON into lines without reading it: escapes and numbers stay as they are written. */
function indentJson(text: string): string {
  let result = '';
  let depth = 0;
  const line = (): string => `\n${'  '.repeat(depth)}`;
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|\{\s*\}|\[\s*\]|[{}[\],:]|[^\s"{}[\],:]+|\n$/g)) {
    if (token === '{' || token === '[') {
      depth++;
      result += token + line();
    } else if (token === '}' || token === ']') {
      depth--;
      result += line() + token;
    } else if (token === ',') {
      result += token + line();
    } else {
      result += token === ':' ? ': ' : token;
    }
  }
  return result;
}
