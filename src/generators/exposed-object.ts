import { goQuote } from '../apimachinery/field-error.ts';
import type { Unstructured } from '../apimachinery/object-meta.ts';
import { GeneratorError } from './flag-texts.ts';

interface ContainerPort {
  readonly containerPort?: number;
  readonly protocol?: string;
}

interface PodSpec {
  readonly containers?: readonly { readonly ports?: readonly ContainerPort[] }[];
}

interface Exposable {
  readonly containers?: PodSpec['containers'];
  readonly ports?: readonly { readonly port?: number; readonly protocol?: string }[];
  readonly selector?: unknown;
  readonly template?: { readonly spec?: PodSpec };
}

interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values?: readonly string[];
  }[];
}

const exposable = new Set(['/ReplicationController', '/Service', '/Pod', 'apps/Deployment', 'apps/ReplicaSet']);

/** Refuses kinds that no service can stand for. @throws GeneratorError */
export function checkExposable({ group, kind }: { readonly group: string; readonly kind: string }): void {
  const isOld = group === 'extensions' && (kind === 'Deployment' || kind === 'ReplicaSet');
  if (!exposable.has(`${group}/${kind}`) && !isOld) {
    throw new GeneratorError(`cannot expose a ${group === '' ? kind : `${kind}.${group}`}`);
  }
}

/** The selector of the pods behind an object, as pairs. @throws GeneratorError where it has none that a map can hold */
export function selectorPairsOf(object: Unstructured): string {
  const { selector } = specOf(object);
  if (object.kind === 'Pod') {
    const { labels = {} } = object.metadata;
    if (Object.keys(labels).length === 0) throw new GeneratorError('the pod has no labels and cannot be exposed');
    return labelPairs(labels);
  }
  if (object.kind === 'Service' || object.kind === 'ReplicationController') {
    if (object.kind === 'Service' && (selector === undefined || selector === null)) {
      throw new GeneratorError('the service has no pod selector set');
    }
    return labelPairs((selector ?? {}) as Record<string, string>);
  }
  const { matchLabels = {}, matchExpressions = [] } = (selector ?? {}) as LabelSelector;
  if (Object.keys(matchLabels).length === 0) {
    throw new GeneratorError(`invalid ${object.kind.toLowerCase()}: no selectors, therefore cannot be exposed`);
  }
  if (matchExpressions.length > 0) {
    const shown = matchExpressions.map(
      ({ key, operator, values = [] }) => `{Key:${key} Operator:${operator} Values:[${values.join(' ')}]}`,
    );
    throw new GeneratorError(
      `couldn't convert expressions - ${goQuote(`[${shown.join(' ')}]`)} to map-based selector format`,
    );
  }
  return labelPairs(matchLabels);
}

/** Labels as `a=b,c=d`. */
export function labelPairs(labels: Readonly<Record<string, string>>): string {
  return Object.keys(labels)
    .toSorted()
    .map((key) => `${key}=${labels[key] ?? ''}`)
    .join(',');
}

/** The ports of an object by number, in their order, each with the protocols it has there. */
export function portProtocolsOf(object: Unstructured): ReadonlyMap<string, readonly string[]> {
  const spec = specOf(object);
  const pod = object.kind === 'Pod' ? spec : (spec.template?.spec ?? {});
  const ports =
    object.kind === 'Service'
      ? (spec.ports ?? [])
      : (pod.containers ?? []).flatMap(({ ports: own = [] }) =>
          own.map(({ containerPort, protocol }) => ({ port: containerPort, protocol })),
        );
  const byNumber = new Map<string, string[]>();
  for (const { port = 0, protocol = '' } of ports) {
    const known = byNumber.get(String(port)) ?? [];
    byNumber.set(String(port), [...known, protocol === '' ? 'TCP' : protocol]);
  }
  return byNumber;
}

function specOf(object: Unstructured): Exposable {
  return object['spec'] ?? {};
}
