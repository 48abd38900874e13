import { CommandError } from '../../cli/command.ts';
import { containerNameFor, plainContainer } from '../../generators/containers.ts';
import { typedObject } from '../../generators/typed-json.ts';
import { createFromFlags } from './create-from-flags.ts';

/** `create deployment`. */
export const createDeploymentCommand = createFromFlags({
  path: ['create', 'deployment'],
  aliases: ['deploy'],
  usage: 'NAME --image=image -- [COMMAND] [args...]',
  short: 'Create a deployment with the specified name',
  long: 'Create a deployment of one container for each image.',
  examples:
    '  # Three web servers\n  kubectl create deployment web --image=nginx --replicas=3\n\n' +
    '  # With a command of its own\n  kubectl create deployment nap --image=busybox -- sleep 1h',
  flags: [
    { name: 'image', type: 'stringSlice', default: '[]', description: 'Images to run, a container for each; required' },
    { name: 'port', type: 'int32', default: '-1', description: 'The port the first container serves on' },
    { name: 'replicas', shorthand: 'r', type: 'int32', default: '1', description: 'How many pods there shall be' },
  ],
  required: ['image'],
  resource: { group: 'apps', version: 'v1', resource: 'deployments' },
  namespaced: true,
  failure: 'failed to create deployment: ',
  prepare({ name, command, flags, context }) {
    const images = flags.list('image');
    if (images.length > 1 && command.length > 0) {
      throw new CommandError('cannot specify multiple --image options and command');
    }
    const port = flags.int('port');
    return () => {
      const labels = { app: name };
      const containers = images.map((image, index) =>
        plainContainer(
          containerNameFor(image, context.random),
          image,
          command,
          index === 0 && port >= 0 ? port : undefined,
        ),
      );
      const spec = {
        replicas: flags.int('replicas'),
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers } },
        strategy: {},
      };
      return typedObject('apps/v1', 'Deployment', { name, labels }, { spec, status: {} });
    };
  },
});
