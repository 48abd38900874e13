import { parseQuantity } from '../../apimachinery/quantity.ts';
import { changeCauseOf, recordFlag } from '../../cli/change-cause.ts';
import { CommandError, defineCommand } from '../../cli/command.ts';
import { throwFailures } from '../../cli/exit.ts';
import {
  changeObjects,
  checkLocal,
  loadForChange,
  type SetOptions,
  setFlags,
  setOptions,
  setSelectorFlag,
} from './change-objects.ts';
import { podSpecOf, selectContainers } from './pod-spec.ts';
import { includeUninitializedFlag } from '../../cli/uninitialized-choice.ts';

interface ResourcesOptions extends SetOptions {
  readonly containers: string;
  readonly limits: string;
  readonly requests: string;
}

/** `set resources`. */
export const setResourcesCommand = defineCommand<ResourcesOptions>({
  path: ['set', 'resources'],
  usage: '(-f FILENAME | TYPE NAME)  ([--limits=LIMITS & --requests=REQUESTS]',
  short: 'Update resource requests/limits on objects with pod templates',
  long: 'Set how much of CPU, memory and other resources the containers of pods request, and how much they may have at most. Where only limits are given, requests are as high.',
  examples:
    '  # One container\n  kubectl set resources deployment web -c=web --limits=cpu=200m,memory=512Mi\n\n' +
    '  # All containers\n  kubectl set resources deployment web --limits=cpu=200m,memory=512Mi --requests=cpu=100m,memory=256Mi\n\n' +
    '  # No limits any more\n  kubectl set resources deployment web --limits=cpu=0,memory=0 --requests=cpu=0,memory=0',
  flags: [
    ...setFlags,
    recordFlag,
    setSelectorFlag,
    {
      name: 'containers',
      shorthand: 'c',
      type: 'string',
      default: '*',
      description: 'Name of the containers to change; * stands for any letters.',
    },
    {
      name: 'limits',
      type: 'string',
      default: '',
      description: 'How much there may be at most: cpu=100m,memory=256Mi.',
    },
    { name: 'requests', type: 'string', default: '', description: 'How much is asked for: cpu=100m,memory=256Mi.' },
    includeUninitializedFlag,
  ],
  async toOptions(args, flags, context) {
    return {
      ...(await setOptions(args, flags, 'resource requirements updated', context)),
      selector: flags.string('selector'),
      containers: flags.string('containers'),
      limits: flags.string('limits'),
      requests: flags.string('requests'),
      cause: changeCauseOf(flags, ['set', 'resources'], args),
    };
  },
  async run(options, context) {
    const targets = await loadForChange(options, context);
    const { limits, requests } = requirements(options);
    const missing: unknown[] = [];
    const apply = (object: (typeof targets)[number]['object']): boolean => {
      const found = selectContainers(podSpecOf(object), options.containers);
      if (found.length === 0) {
        missing.push(new CommandError(`error: unable to find container named ${options.containers}`));
      }
      for (const container of found) {
        const resources = (container.resources ??= {});
        if (limits !== undefined) resources.limits = { ...resources.limits, ...limits };
        if (requests !== undefined) resources.requests = { ...resources.requests, ...requests };
      }
      return found.length > 0;
    };
    const failure = 'failed to patch resources update to pod template ';
    const failures = await changeObjects(targets, { apply, failure }, options, context);
    throwFailures([...missing, ...failures]);
  },
});

type Amounts = Record<string, string> | undefined;

/** Checks the flags when the objects are there, as the real program does. @throws CommandError */
function requirements(options: ResourcesOptions): { readonly limits: Amounts; readonly requests: Amounts } {
  checkLocal(options);
  if (options.all && options.selector !== '') {
    throw new CommandError('cannot set --all and --selector at the same time');
  }
  if (options.limits === '' && options.requests === '') {
    throw new CommandError('you must specify an update to requests or limits (in the form of --requests/--limits)');
  }
  return { limits: amounts(options.limits), requests: amounts(options.requests) };
}

function amounts(text: string): Amounts {
  if (text === '') return undefined;
  return Object.fromEntries(
    text.split(',').map((pair) => {
      const [name = '', amount = '', ...rest] = pair.split('=');
      if (!pair.includes('=') || rest.length > 0) {
        throw new CommandError(`Invalid argument syntax ${pair}, expected <resource>=<value>`);
      }
      return [name, parseQuantity(amount).toString()];
    }),
  );
}
