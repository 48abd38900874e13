import { isJsonObject } from '../../apimachinery/json.ts';
import type { Unstructured } from '../../apimachinery/object-meta.ts';
import { type CommandContext, CommandError } from '../../cli/command.ts';
import { loadTargets, resolveTargets } from '../../cli/resource-targets.ts';
import { throwFailures } from '../../cli/exit.ts';
import { plainContainer } from '../../generators/containers.ts';
import { sortedMap, typedObject } from '../../generators/typed-json.ts';
import { createFromFlags } from './create-from-flags.ts';

/** `create job`. */
export const createJobCommand = createFromFlags({
  path: ['create', 'job'],
  usage: 'NAME --image=image [--from=cronjob/name] -- [COMMAND] [args...]',
  short: 'Create a job with the specified name',
  long: 'Create a job that runs an image, or one run of a cron job at once.',
  examples:
    '  # Something to do once\n  kubectl create job today --image=busybox -- date\n\n' +
    '  # What a cron job does, now\n  kubectl create job now --from=cronjob/tidy',
  flags: [
    { name: 'from', type: 'string', default: '', description: 'The cron job to run, as cronjob/name' },
    { name: 'image', type: 'string', default: '', description: 'The image to run' },
  ],
  resource: { group: 'batch', version: 'v1', resource: 'jobs' },
  namespaced: true,
  failure: 'failed to create job: ',
  prepare({ name, command, flags, context }) {
    const image = flags.string('image');
    const from = flags.string('from');
    if ((image === '') === (from === '')) throw new CommandError('either --image or --from must be specified');
    if (command.length > 0 && from !== '') throw new CommandError('cannot specify --from and command');
    if (from !== '') return () => jobFromCronJob(name, from, context);
    const pod = { containers: [plainContainer(name, image, command)], restartPolicy: 'Never' };
    const spec = { template: { metadata: {}, spec: pod } };
    return () => typedObject('batch/v1', 'Job', { name }, { spec, status: {} });
  },
});

async function jobFromCronJob(name: string, from: string, context: CommandContext): Promise<Unstructured> {
  const targets = await resolveTargets(
    {
      args: [from],
      input: { filenames: [], recursive: false },
      all: false,
      selector: '',
      fieldSelector: '',
      allNamespaces: false,
    },
    context,
  );
  const { objects, errors } = await loadTargets(targets, context);
  throwFailures(errors);
  const [found] = objects;
  if (objects.length !== 1 || found === undefined) throw new CommandError('from must be an existing cronjob');
  const { group, version, kind } = found.mapping.gvk;
  if (group !== 'batch' || kind !== 'CronJob') {
    throw new CommandError(`unknown object type *${group === '' ? 'v1' : version}.${kind}`);
  }
  const spec = isJsonObject(found.object['spec']) ? found.object['spec'] : {};
  const template = isJsonObject(spec['jobTemplate']) ? spec['jobTemplate'] : {};
  const { labels, annotations } = (template['metadata'] ?? {}) as Unstructured['metadata'];
  const metadata = {
    name,
    labels: sortedMap(Object.entries(labels ?? {})),
    annotations: sortedMap(Object.entries({ 'cronjob.kubernetes.io/instantiate': 'manual', ...annotations })),
    ownerReferences: [
      {
        apiVersion: 'batch/v1',
        kind: 'CronJob',
        name: found.name,
        uid: found.object.metadata.uid ?? '',
        controller: true,
      },
    ],
  };
  return typedObject('batch/v1', 'Job', metadata, { spec: template['spec'] ?? {}, status: {} });
}
