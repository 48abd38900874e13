import type { Documentation } from '../../../api/documentation.ts';

/** A query or path parameter of an operation. */
export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query';
  readonly type: 'string' | 'boolean' | 'integer';
  readonly description: string;
}

/** Query parameters by the operation that documents them: `dryRun` as creating says it, `force` as patching does. */
type ParameterTable = readonly (readonly [name: string, type: Parameter['type']])[];

const listing: ParameterTable = [
  ['allowWatchBookmarks', 'boolean'],
  ['continue', 'string'],
  ['fieldSelector', 'string'],
  ['labelSelector', 'string'],
  ['limit', 'integer'],
  ['resourceVersion', 'string'],
  ['resourceVersionMatch', 'string'],
  ['sendInitialEvents', 'boolean'],
  ['shardSelector', 'string'],
  ['timeoutSeconds', 'integer'],
  ['watch', 'boolean'],
];
const writing: ParameterTable = [
  ['dryRun', 'string'],
  ['fieldManager', 'string'],
  ['fieldValidation', 'string'],
];
const deleting: ParameterTable = [
  ['dryRun', 'string'],
  ['gracePeriodSeconds', 'integer'],
  ['ignoreStoreReadErrorWithClusterBreakingPotential', 'boolean'],
  ['orphanDependents', 'boolean'],
  ['propagationPolicy', 'string'],
];
const streaming: ParameterTable = [
  ['container', 'string'],
  ['stderr', 'boolean'],
  ['stdin', 'boolean'],
  ['stdout', 'boolean'],
  ['tty', 'boolean'],
];

const tables = {
  list: { documentedBy: 'listNamespacedPod', table: listing },
  create: { documentedBy: 'createNamespacedPod', table: writing },
  replace: { documentedBy: 'replaceNamespacedPod', table: writing },
  patch: { documentedBy: 'patchNamespacedPod', table: [...writing, ['force', 'boolean']] },
  delete: { documentedBy: 'deleteNamespacedPod', table: deleting },
  deletecollection: {
    documentedBy: 'deleteCollectionNamespacedPod',
    table: [...deleting, ...listing.filter(([name]) => name !== 'watch' && name !== 'allowWatchBookmarks')],
  },
  log: {
    documentedBy: 'readNamespacedPodLog',
    table: [
      ['container', 'string'],
      ['follow', 'boolean'],
      ['insecureSkipTLSVerifyBackend', 'boolean'],
      ['limitBytes', 'integer'],
      ['previous', 'boolean'],
      ['sinceSeconds', 'integer'],
      ['stream', 'string'],
      ['tailLines', 'integer'],
      ['timestamps', 'boolean'],
    ],
  },
  attach: { documentedBy: 'connectGetNamespacedPodAttach', table: streaming },
  exec: { documentedBy: 'connectGetNamespacedPodExec', table: [['command', 'string'], ...streaming] },
  portforward: { documentedBy: 'connectGetNamespacedPodPortforward', table: [['ports', 'integer']] },
  podProxy: { documentedBy: 'connectGetNamespacedPodProxy', table: [['path', 'string']] },
  serviceProxy: { documentedBy: 'connectGetNamespacedServiceProxy', table: [['path', 'string']] },
  nodeProxy: { documentedBy: 'connectGetNodeProxy', table: [['path', 'string']] },
  any: { documentedBy: 'readNamespacedPod', table: [['pretty', 'string']] },
} as const satisfies Record<string, { documentedBy: string; table: ParameterTable }>;

/** What a set of query parameters is for. */
export type ParameterSet = keyof typeof tables;

/** Names of the documentation's entries, to be handed to the extraction at build time. */
export const documentedOperations: readonly string[] = [
  ...new Set(Object.values(tables).map(({ documentedBy }) => documentedBy)),
];

/** Name under which the documentation has a parameter. */
export function parameterDocumentationName(operation: string, parameter: string): string {
  return `parameter.${operation}.${parameter}`;
}

/** The query parameters of a kind of operation. */
export function queryParameters(set: ParameterSet, documentation: Documentation): Parameter[] {
  const { documentedBy, table } = tables[set];
  return table.map(([name, type]) => ({
    name,
    in: 'query',
    type,
    description: documentation(parameterDocumentationName(documentedBy, name)) ?? '',
  }));
}

/** `{name}` of a path. */
export function nameParameter(kind: string): Parameter {
  return { name: 'name', in: 'path', type: 'string', description: `name of the ${kind}` };
}

/** `{namespace}` of a path. */
export const namespaceParameter: Parameter = {
  name: 'namespace',
  in: 'path',
  type: 'string',
  description: 'object name and auth scope, such as for teams and projects',
};

/** `{path}` of a proxied path. */
export const pathParameter: Parameter = {
  name: 'path',
  in: 'path',
  type: 'string',
  description: 'path to the resource',
};
