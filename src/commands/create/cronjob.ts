import { plainContainer } from '../../generators/containers.ts';
import { typedObject } from '../../generators/typed-json.ts';
import { createFromFlags } from './create-from-flags.ts';

/** `create cronjob`. */
export const createCronJobCommand = createFromFlags({
  path: ['create', 'cronjob'],
  aliases: ['cj'],
  usage: "NAME --image=image --schedule='0/5 * * * ?' -- [COMMAND] [args...] [flags]",
  short: 'Create a cron job with the specified name',
  examples: "  # Every hour\n  kubectl create cronjob tidy --image=busybox --schedule='0 * * * *' -- date",
  flags: [
    { name: 'image', type: 'string', default: '', description: 'The image to run; required' },
    { name: 'restart', type: 'string', default: '', description: 'Restart policy of the pods: OnFailure or Never' },
    { name: 'schedule', type: 'string', default: '', description: 'When to run, in the format of cron; required' },
  ],
  required: ['image', 'schedule'],
  resource: { group: 'batch', version: 'v1', resource: 'cronjobs' },
  namespaced: true,
  failure: 'failed to create cronjob: ',
  prepare({ name, command, flags }) {
    const restartPolicy = flags.string('restart') === '' ? 'OnFailure' : flags.string('restart');
    const pod = { containers: [plainContainer(name, flags.string('image'), command)], restartPolicy };
    const jobTemplate = { metadata: { name }, spec: { template: { metadata: {}, spec: pod } } };
    const spec = { schedule: flags.string('schedule'), jobTemplate };
    return () => typedObject('batch/v1', 'CronJob', { name }, { spec, status: {} });
  },
});
