import type { ConfigMap, Container, EnvVar, FileKeySelector, Pod, Secret, Service } from '../../api/types/core-v1.ts';
import { hasReason } from '../../apimachinery/status.ts';
import type { Client } from '../../client/client.ts';
import { type DownwardFacts, fieldText, resourceText } from './downward-fields.ts';
import { EnvironmentFileError, environmentFileValue } from './environment-file.ts';
import type { NodeFiles } from './node-files.ts';
import { serviceEnvironment } from './service-environment.ts';

/** A container that cannot be configured yet; the reason and message of its waiting state. */
export class ContainerConfigError extends Error {
  readonly reason = 'CreateContainerConfigError';

  constructor(message: string) {
    super(message);
    this.name = 'ContainerConfigError';
  }
}

/** Facts of the running pod that variables may name. */
export interface EnvironmentFacts extends DownwardFacts {
  /** Services that there are variables of. */
  readonly services: readonly Service[];
  /** The place of a volume on the node; undefined when there is none. */
  readonly pathOf: (volume: string) => string | undefined;
  readonly files: NodeFiles;
}

interface EnvironmentEntry {
  readonly key: string;
  readonly value: string;
}

/**
 * The environment of a container: services, then envFrom, then env in order, `$(NAME)` expanded from what came before.
 * @throws ContainerConfigError when a config map, secret or key that is not optional does not exist.
 */
export async function containerEnvironment(
  client: Client,
  pod: Pod,
  container: Container,
  facts: EnvironmentFacts,
): Promise<readonly EnvironmentEntry[]> {
  const values = new Map<string, string>(serviceEnvironment(pod, facts.services));
  const sources = new EnvironmentSources(client, pod.metadata.namespace ?? '');
  for (const source of container.envFrom ?? []) {
    const data =
      source.configMapRef === undefined
        ? await sources.secret(source.secretRef?.name ?? '', source.secretRef?.optional === true)
        : await sources.configMap(source.configMapRef.name ?? '', source.configMapRef.optional === true);
    for (const [key, value] of Object.entries(data ?? {})) values.set(`${source.prefix ?? ''}${key}`, value);
  }
  for (const entry of container.env ?? []) {
    const value = await environmentValue(entry, pod, container, facts, sources);
    // What comes from elsewhere means itself.
    const isOwn = entry.valueFrom === undefined;
    if (value !== undefined) values.set(entry.name, isOwn ? expandVariables(value, values) : value);
  }
  return [...values].map(([key, value]) => ({ key, value }));
}

/** Replaces `$(NAME)` by its value; `$$` stands for `$`; unknown names stay as they are. */
export function expandVariables(text: string, values: ReadonlyMap<string, string>): string {
  return text.replaceAll(/\$(\$|\(([^()]*)\))/g, (whole: string, kind: string, name: string | undefined) => {
    if (kind === '$') return '$';
    return values.get(name ?? '') ?? whole;
  });
}

async function environmentValue(
  entry: EnvVar,
  pod: Pod,
  container: Container,
  facts: EnvironmentFacts,
  sources: EnvironmentSources,
): Promise<string | undefined> {
  const from = entry.valueFrom;
  if (from === undefined) return entry.value ?? '';
  if (from.fieldRef !== undefined) return fieldText(from.fieldRef.fieldPath, pod, facts);
  if (from.resourceFieldRef !== undefined) {
    return resourceText(
      from.resourceFieldRef,
      containerNamed(pod, from.resourceFieldRef.containerName) ?? container,
      facts,
    );
  }
  if (from.fileKeyRef !== undefined) return fileValue(from.fileKeyRef, facts);
  const keyed = from.configMapKeyRef ?? from.secretKeyRef;
  if (keyed === undefined) return undefined;
  const isSecret = from.configMapKeyRef === undefined;
  const optional = keyed.optional === true;
  const name = keyed.name ?? '';
  const data = isSecret ? await sources.secret(name, optional) : await sources.configMap(name, optional);
  const value = data?.[keyed.key];
  if (value === undefined && !optional) {
    const kind = isSecret ? 'Secret' : 'ConfigMap';
    const where = `${pod.metadata.namespace ?? ''}/${name}`;
    throw new ContainerConfigError(`couldn't find key ${keyed.key} in ${kind} ${where}`);
  }
  return value;
}

/** A variable of a file in a volume. @throws ContainerConfigError */
function fileValue(
  { volumeName, path, key, optional }: FileKeySelector,
  { files, pathOf }: EnvironmentFacts,
): string | undefined {
  const fail = (message: string): never => {
    throw new ContainerConfigError(message);
  };
  const volume = pathOf(volumeName);
  if (volume === undefined) return fail(`cannot find the volume "${volumeName}" referenced by FileKeyRef`);
  const file = `${volume}/${path}`;
  if (files.find(file)?.kind !== 'file') fail("couldn't parse env file");
  let value = '';
  try {
    value = environmentFileValue(Buffer.from(files.readFile(file)).toString('utf8'), key);
  } catch (error) {
    if (!(error instanceof EnvironmentFileError)) throw error;
    fail("couldn't parse env file");
  }
  if (value !== '') return value;
  return optional === true ? undefined : fail(`environment variable key "${key}" not found in file "${file}"`);
}

function containerNamed({ spec }: Pod, name: string | undefined): Container | undefined {
  return [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])].find((container) => container.name === name);
}

/** Reads config maps and secrets once each per container start. */
class EnvironmentSources {
  readonly #client: Client;
  readonly #namespace: string;

  constructor(client: Client, namespace: string) {
    this.#client = client;
    this.#namespace = namespace;
  }

  async configMap(name: string, optional: boolean): Promise<Record<string, string> | undefined> {
    const gvr = { group: '', version: 'v1', resource: 'configmaps' };
    return this.#read('configmap', name, optional, async () => {
      return (await this.#client.resource<ConfigMap>(gvr, this.#namespace).get(name)).data ?? {};
    });
  }

  async secret(name: string, optional: boolean): Promise<Record<string, string> | undefined> {
    const gvr = { group: '', version: 'v1', resource: 'secrets' };
    return this.#read('secret', name, optional, async () => {
      const data = (await this.#client.resource<Secret>(gvr, this.#namespace).get(name)).data ?? {};
      return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, decodeBase64(value)]));
    });
  }

  async #read<T>(kind: string, name: string, optional: boolean, read: () => Promise<T>): Promise<T | undefined> {
    try {
      return await read();
    } catch (error) {
      if (!hasReason(error, 'NotFound')) throw error;
      if (optional) return undefined;
      throw new ContainerConfigError(`${kind} "${name}" not found`);
    }
  }
}

function decodeBase64(text: string): string {
  return Buffer.from(text, 'base64').toString('utf8');
}
