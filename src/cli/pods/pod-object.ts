import type { Unstructured } from '../../apimachinery/object-meta.ts';
import { missingNamespaceOr, resourceOf } from '../../resource/resource-access.ts';
import { parseResourceArguments } from '../../resource/resource-arguments.ts';
import type { CommandContext } from '../command.ts';
import { answersOfAnyType } from '../typed-answers.ts';

/**
 * The object that `POD`, `TYPE/NAME` or `TYPE NAME` names, as the server has it.
 * @throws StatusError, ResourceArgumentError
 */
export async function objectOfArguments(args: readonly string[], context: CommandContext): Promise<Unstructured> {
  const discovery = await context.cluster.discovery();
  const isName = args.length === 1 && args[0]?.includes('/') !== true;
  const words = isName ? ['pods', ...args] : args;
  const [found] = await discovery.withMapper((mapper) => parseResourceArguments(words, mapper));
  if (found?.name === undefined) throw new Error('a resource argument without a name');
  const client = await context.cluster.client();
  const { name: namespace } = await context.cluster.namespace();
  const { mapping } = found;
  return resourceOf(client, mapping, namespace, answersOfAnyType(context))
    .get(found.name)
    .catch(async (error: unknown) => {
      throw await missingNamespaceOr(error, client, mapping, namespace);
    });
}

/** Whether an object is a pod. */
export function isPod(object: Unstructured): boolean {
  return object.apiVersion === 'v1' && object.kind === 'Pod';
}
