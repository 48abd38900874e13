import { allVerbs, type Column, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';
import { ageColumn, column, nameColumn } from '../../columns.ts';
import type { APIService } from '../../types/apiregistration-v1.ts';
import { apiServiceStrategy, setApiServiceDefaults } from './api-service-strategy.ts';

/** The types of APIService objects. */
export const apiServiceTypes: TypeSource = {
  package: 'io.k8s.kube-aggregator.pkg.apis.apiregistration.v1',
  text: `
kind APIService
  metadata: meta.ObjectMeta=
  spec: APIServiceSpec=
  status: APIServiceStatus=

type APIServiceCondition
  lastTransitionTime: meta.Time
  message: string
  reason: string
  type!: string=
  status!: string=

type APIServiceSpec
  caBundle: bytes atomic
  group: string
  groupPriorityMinimum!: int32=
  insecureSkipTLSVerify: bool
  service: ServiceReference
  version: string
  versionPriority!: int32=

type APIServiceStatus
  conditions: [APIServiceCondition] map(type) merge(type)

type ServiceReference
  name: string
  namespace: string
  port: int32
`,
};

/** `True`, or `False (reason)`. */
function availableCell(service: APIService): string {
  const available = service.status?.conditions?.find((condition) => condition.type === 'Available');
  if (available === undefined) return 'Unknown';
  return available.status === 'True' ? 'True' : `${available.status} (${available.reason ?? ''})`;
}

const columns: readonly Column[] = [
  nameColumn,
  column('Service', 'string', 'The reference to the service that hosts this API endpoint.', (object: APIService) =>
    object.spec?.service === undefined
      ? 'Local'
      : `${object.spec.service.namespace ?? ''}/${object.spec.service.name ?? ''}`,
  ),
  column('Available', 'string', 'Whether this service is available.', availableCell),
  ageColumn,
];

/** The apiservices resource. */
export const apiServiceResource: ResourceDefinition = {
  group: 'apiregistration.k8s.io',
  version: 'v1',
  kind: 'APIService',
  resource: 'apiservices',
  singular: 'apiservice',
  shortNames: [],
  categories: ['api-extensions'],
  namespaced: false,
  verbs: allVerbs,
  subresources: [{ name: 'status', verbs: ['get', 'patch', 'update'], hasTable: false }],
  type: 'io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.APIService',
  columns,
  setDefaults: setApiServiceDefaults,
  strategy: apiServiceStrategy,
};
