import type { KubeObject } from '../../apimachinery/object-meta.ts';
import { parseQuantity, Quantity } from '../../apimachinery/quantity.ts';
import type { SchemaSource } from '../../apimachinery/schema.ts';
import type { Column, ResourceDefinition, TypeDefinition } from '../../api/resource-definition.ts';
import type { TypeSource } from '../../api/type-language.ts';
import { extensionTypes } from '../extension-server/extension-types.ts';

/** The group. */
export const metricsGroup = 'metrics.k8s.io';
const version = 'v1beta1';
const apiPackage = 'io.k8s.metrics.pkg.apis.metrics.v1beta1';

/** Amounts by resource. */
type Usage = Readonly<Record<string, string>>;

/** metrics.k8s.io/v1beta1 NodeMetrics. */
export interface NodeMetrics extends KubeObject {
  readonly timestamp: string;
  readonly window: string;
  readonly usage: Usage;
}

/** metrics.k8s.io/v1beta1 PodMetrics. */
export interface PodMetrics extends KubeObject {
  readonly timestamp: string;
  readonly window: string;
  readonly containers: readonly { readonly name: string; readonly usage: Usage }[];
}

const types: TypeSource = {
  package: apiPackage,
  text: `
kind NodeMetrics
  metadata: meta.ObjectMeta=
  timestamp!: meta.Time
  usage!: {resource.Quantity}
  window!: string

kind PodMetrics
  containers!: [ContainerMetrics] atomic
  metadata: meta.ObjectMeta=
  timestamp!: meta.Time
  window!: string

type ContainerMetrics
  name!: string=
  usage!: {resource.Quantity}
`,
};

/** Either of them. */
type Measured = Partial<NodeMetrics & PodMetrics>;

function resourceColumn(name: 'cpu' | 'memory'): Column {
  return {
    name,
    type: 'string',
    format: 'quantity',
    description: '',
    priority: 0,
    cell({ usage = {}, containers }: Measured) {
      const usages = containers?.map((container) => container.usage) ?? [usage];
      const amounts = usages.map((one) => parseQuantity(one[name] ?? '0'));
      return amounts.reduce((sum, amount) => sum.add(amount)).toString();
    },
  };
}

const column = { type: 'string', description: '', priority: 0 } as const;

const columns: readonly Column[] = [
  {
    ...column,
    name: 'Name',
    format: 'name',
    description: 'Name of the resource',
    cell: ({ metadata }) => metadata.name ?? '',
  },
  resourceColumn('cpu'),
  resourceColumn('memory'),
  { ...column, name: 'Window', format: 'duration', cell: ({ window = '' }: Measured) => window },
];

const common = {
  group: metricsGroup,
  version,
  // The real one has none either.
  singular: '',
  shortNames: [],
  categories: [],
  verbs: ['get', 'list'],
  subresources: [],
} as const;

/** The resources of the metrics API. */
export const metricsResources: readonly ResourceDefinition[] = [
  {
    ...common,
    kind: 'NodeMetrics',
    resource: 'nodes',
    namespaced: false,
    type: `${apiPackage}.NodeMetrics`,
    columns,
  },
  {
    ...common,
    kind: 'PodMetrics',
    resource: 'pods',
    namespaced: true,
    type: `${apiPackage}.PodMetrics`,
    columns,
  },
];

let known: ReadonlyMap<string, TypeDefinition> | undefined;

/** Their types, and those that every API has. */
export function metricsTypes(): ReadonlyMap<string, TypeDefinition> {
  known ??= extensionTypes([types], metricsResources);
  return known;
}

/** The same as a source of schemas. */
export const metricsSchemas: SchemaSource = { lookup: (name) => metricsTypes().get(name)?.schema };

const texts: Readonly<Record<string, string>> = {
  [`${apiPackage}.NodeMetrics`]: 'What a node used in a window of time.',
  [`${apiPackage}.NodeMetrics.timestamp`]: 'When the window ended.',
  [`${apiPackage}.NodeMetrics.usage`]: 'What was used: cpu on average in the window, memory at its end.',
  [`${apiPackage}.NodeMetrics.window`]: 'How long the window was.',
  [`${apiPackage}.PodMetrics`]: 'What the containers of a pod used in a window of time.',
  [`${apiPackage}.PodMetrics.containers`]: 'What each container used.',
  [`${apiPackage}.PodMetrics.timestamp`]: 'When the window ended.',
  [`${apiPackage}.PodMetrics.window`]: 'How long the window was.',
  [`${apiPackage}.ContainerMetrics`]: 'What a container used.',
  [`${apiPackage}.ContainerMetrics.name`]: 'Name of the container, as its pod has it.',
  [`${apiPackage}.ContainerMetrics.usage`]: 'What was used: cpu on average in the window, memory at its end.',
};

/** What is said of their types and fields. */
export function metricsDocumentation(name: string): string | undefined {
  return Object.hasOwn(texts, name) ? texts[name] : undefined;
}

/** What was used as the API writes it. */
export function usageOf({
  nanoCores,
  memoryBytes,
}: {
  readonly nanoCores: number;
  readonly memoryBytes: number;
}): Usage {
  return {
    cpu: new Quantity(BigInt(nanoCores), 'DecimalSI').toString(),
    memory: new Quantity(BigInt(memoryBytes) * 10n ** 9n, 'BinarySI').toString(),
  };
}
