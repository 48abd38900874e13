import { type Random, nameSuffix } from '../system/random.ts';
import { defined } from './typed-json.ts';

/** A container as commands make it, its fields in the order of the type. */
export function plainContainer(
  name: string,
  image: string,
  command: readonly string[],
  port?: number,
): Record<string, unknown> {
  return defined({
    name,
    image,
    command: command.length === 0 ? undefined : command,
    ports: port === undefined ? undefined : [{ containerPort: port }],
    resources: {},
  });
}

/** The name of a container for an image: the last part of the path; names that had to be changed get a random tail. */
export function containerNameFor(image: string, random: Random): string {
  const last = image.split('/').at(-1) ?? '';
  const name = (last.split(':')[0] ?? '').split('@')[0] ?? '';
  return /[_.]/.test(name) ? `${name.replaceAll(/[_.]/g, '-')}-${nameSuffix(random)}` : name;
}
