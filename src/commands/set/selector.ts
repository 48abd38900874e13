import type { ObjectLabelSelector } from '../../apimachinery/labels.ts';
import type { Unstructured } from '../../apimachinery/object-meta.ts';
import { changeCauseOf, recordFlag } from '../../cli/change-cause.ts';
import { CommandError, defineCommand } from '../../cli/command.ts';
import { throwFailures, throwVisited } from '../../cli/exit.ts';
import { objectSelector } from '../../generators/object-selector.ts';
import { changeObjects, findForChange, type SetOptions, setFlags, setOptions } from './change-objects.ts';
import { includeUninitializedFlag } from '../../cli/uninitialized-choice.ts';

interface SelectorOptions extends SetOptions {
  readonly wanted: ObjectLabelSelector;
  readonly resourceVersion: string;
}

/** `set selector`. */
export const setSelectorCommand = defineCommand<SelectorOptions>({
  path: ['set', 'selector'],
  usage: '(-f FILENAME | TYPE NAME) EXPRESSIONS [--resource-version=version]',
  short: 'Set the selector on a resource',
  long:
    'Set the selector of a service; the new one takes the place of the old one.\n\n' +
    'With --resource-version nothing is changed unless the object has that version.',
  examples:
    '  # A service and a deployment that fit together\n' +
    "  kubectl create service clusterip web --clusterip=None -o yaml --dry-run=client | kubectl set selector --local -f - 'tier=front' -o yaml | kubectl create -f -\n" +
    '  kubectl create deployment web --image=nginx -o yaml --dry-run=client | kubectl label --local -f - tier=front -o yaml | kubectl create -f -',
  flags: [
    ...setFlags
      .filter(({ name }) => name !== 'kustomize')
      .map((flag) => (flag.name === 'recursive' ? { ...flag, default: 'true' } : flag)),
    recordFlag,
    { name: 'resource-version', type: 'string', default: '', description: 'Only change what has this version' },
    includeUninitializedFlag,
  ],
  async toOptions(args, flags, context) {
    const expression = args.at(-1);
    const wanted = expression === undefined ? undefined : objectSelector(expression);
    const input = { filenames: flags.list('filename'), recursive: flags.bool('recursive') };
    const options = await setOptions(args.slice(0, -1), flags, 'selector updated', context, input);
    if (wanted === undefined) throw new CommandError('one selector is required');
    return {
      ...options,
      selector: '',
      wanted,
      resourceVersion: flags.string('resource-version'),
      cause: changeCauseOf(flags, ['set', 'selector'], args),
    };
  },
  async run(options, context) {
    const { targets, errors } = await findForChange(options, context);
    const hasFiles = options.input.filenames.length > 0;
    if (!hasFiles) throwFailures(errors);
    const failed: unknown[] = [];
    for (const target of targets) {
      // A version that is asked for is part of what is sent, even when the object has it.
      if (options.resourceVersion !== '') delete target.object.metadata.resourceVersion;
      const failures = await changeObjects(
        [target],
        { apply: (object) => setSelector(object, options), tellsUnchanged: true, untitled: true },
        options,
        context,
      );
      // The reason alone is told, and nothing behind an argument that is wrong is tried.
      if (failures.length > 0 && !hasFiles) throw failures[0];
      failed.push(...failures);
    }
    throwVisited(failed, errors, hasFiles);
  },
});

function setSelector(object: Unstructured, { wanted, resourceVersion }: SelectorOptions): void {
  if (resourceVersion !== '') object.metadata.resourceVersion = resourceVersion;
  if (object.apiVersion !== 'v1' || object.kind !== 'Service') {
    throw new CommandError('setting a selector is only supported for Services');
  }
  const { matchLabels = {}, matchExpressions = [] } = wanted;
  if (matchExpressions.length > 0) {
    const shown = matchExpressions.map(
      ({ key, operator, values = [] }) => `{${key} ${operator} [${values.join(' ')}]}`,
    );
    throw new CommandError(`match expression [${shown.join(' ')}] not supported on this object`);
  }
  const spec = (object['spec'] ??= {}) as { selector?: Readonly<Record<string, string>> };
  spec.selector = matchLabels;
}
