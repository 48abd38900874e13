import { changeCauseOf, recordFlag } from '../../cli/change-cause.ts';
import { CommandError, defineCommand } from '../../cli/command.ts';
import { throwFailures } from '../../cli/exit.ts';
import { splitChanges } from '../../cli/map-changes.ts';
import {
  changeObjects,
  checkLocal,
  loadForChange,
  type SetOptions,
  setFlags,
  setOptions,
  setSelectorFlag,
} from './change-objects.ts';
import { podSpecOf, type ChangeableContainer } from './pod-spec.ts';
import { includeUninitializedFlag } from '../../cli/uninitialized-choice.ts';

interface ImageOptions extends SetOptions {
  /** Images by the names of containers; `*` for all. */
  readonly images: ReadonlyMap<string, string>;
}

/** `set image`. */
export const setImageCommand = defineCommand<ImageOptions>({
  path: ['set', 'image'],
  usage: '(-f FILENAME | TYPE NAME) CONTAINER_NAME_1=CONTAINER_IMAGE_1 ... CONTAINER_NAME_N=CONTAINER_IMAGE_N',
  short: 'Update the image of a pod template',
  long:
    'Set the images of containers, by the names of the containers.\n\n' +
    'Possible kinds: pod (po), replicationcontroller (rc), deployment (deploy), daemonset (ds), statefulset (sts), cronjob (cj), replicaset (rs)',
  examples:
    '  # Two containers of a deployment\n  kubectl set image deployment/web web=nginx:1.29 cache=redis:8\n\n' +
    '  # All containers of a daemon set\n  kubectl set image daemonset agent "*=agent:2"\n\n' +
    '  # A manifest, without a server\n  kubectl set image -f web.yaml web=nginx:1.29 --local -o yaml',
  flags: [...setFlags, recordFlag, setSelectorFlag, includeUninitializedFlag],
  async toOptions(args, flags, context) {
    const { resources, changes } = splitChanges(args, 'image');
    const options = await setOptions(resources, flags, 'image updated', context);
    return {
      ...options,
      selector: flags.string('selector'),
      images: parseImages(changes),
      cause: changeCauseOf(flags, ['set', 'image'], args),
    };
  },
  async run(options, context) {
    const targets = await loadForChange(options, context);
    check(options);
    const missing: unknown[] = [];
    const apply = (object: (typeof targets)[number]['object']): void => {
      const { containers, initContainers } = podSpecOf(object);
      const all = [...(initContainers ?? []), ...(containers ?? [])];
      for (const [name, image] of options.images) {
        const found = all.filter((container) => name === '*' || container.name === name);
        if (found.length === 0) missing.push(new CommandError(`error: unable to find container named "${name}"`));
        for (const container of found) setImage(container, image);
      }
    };
    const failure = 'failed to patch image update to pod template: ';
    const failures = await changeObjects(targets, { apply, failure }, options, context);
    throwFailures([...missing, ...failures]);
  },
});

function setImage(container: ChangeableContainer, image: string): void {
  if (image === '') delete container.image;
  else container.image = image;
}

/** @throws CommandError */
function parseImages(changes: readonly string[]): ReadonlyMap<string, string> {
  const wrong = changes.filter((change) => !change.includes('='));
  if (wrong.length > 0) throw new CommandError(`invalid image format: ${wrong.join(', ')}`);
  return new Map(
    changes.map((change) => {
      const sign = change.indexOf('=');
      return [change.slice(0, sign), change.slice(sign + 1)];
    }),
  );
}

function check(options: ImageOptions): void {
  const problems: string[] = [];
  if (options.all && options.selector !== '') problems.push('cannot set --all and --selector at the same time');
  if (options.resources.length === 0 && options.input.filenames.length === 0) {
    problems.push('one or more resources must be specified as <resource> <name> or <resource>/<name>');
  }
  if (options.images.size === 0) problems.push('at least one image update is required');
  else if (options.images.size > 1 && options.images.has('*')) {
    problems.push(
      'all containers are already specified by *, but saw more than one container_name=container_image pairs',
    );
  }
  throwFailures(problems.map((problem) => new CommandError(problem)));
  checkLocal(options);
}
