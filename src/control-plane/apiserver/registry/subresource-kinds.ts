import { builtInSchemas } from '../../../api/registry.ts';
import { parseTypes } from '../../../api/type-language.ts';
import { formatGroupVersion, type GroupVersionKind } from '../../../apimachinery/gvk.ts';
import type { SchemaSource } from '../../../apimachinery/schema.ts';

/** A type and where it is looked up. */
export interface LocatedType {
  readonly type: string;
  readonly types: SchemaSource;
}

/** What connections are made with: the query of the request, which no document publishes as a type. */
const connectPackage = 'io.k8s.api.core.v1';
const connectTypes = new Map(
  parseTypes({
    package: connectPackage,
    text: `
type PodExecOptions
  stdin: bool
  stdout: bool
  stderr: bool
  tty: bool
  container: string
  command: [string]
type PodAttachOptions
  stdin: bool
  stdout: bool
  stderr: bool
  tty: bool
  container: string
type PodPortForwardOptions
  ports: [int32]
type PodProxyOptions
  path: string
type ServiceProxyOptions
  path: string
type NodeProxyOptions
  path: string
`,
  }).map(({ name, schema }) => [name, schema] as const),
);
const connectSchemas: SchemaSource = { lookup: (name) => connectTypes.get(name) };

const bodies: Readonly<Record<string, string>> = {
  'autoscaling/v1 Scale': 'io.k8s.api.autoscaling.v1.Scale',
  'policy/v1 Eviction': 'io.k8s.api.policy.v1.Eviction',
  'authentication.k8s.io/v1 TokenRequest': 'io.k8s.api.authentication.v1.TokenRequest',
};

/** The type of a kind that only subresources speak: their bodies, and the options of connections. */
export function subresourceType(kind: GroupVersionKind): LocatedType | undefined {
  const body = bodies[`${formatGroupVersion(kind)} ${kind.kind}`];
  if (body !== undefined) return { type: body, types: builtInSchemas };
  const type = `${connectPackage}.${kind.kind}`;
  return kind.group === '' && connectTypes.has(type) ? { type, types: connectSchemas } : undefined;
}
