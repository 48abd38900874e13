import { parseFieldSelector } from '../../apimachinery/field-selector.ts';
import { unescapedPath } from './request-url.ts';

/** What a URL and method mean, before anything is looked up (k8s.io/apiserver/pkg/endpoints/request.RequestInfo). */
export interface RequestInfo {
  readonly isResourceRequest: boolean;
  /** The path without the query, each segment decoded. */
  readonly path: string;
  /** `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`, `proxy`; else the method. */
  readonly verb: string;
  readonly apiPrefix: string;
  readonly apiGroup: string;
  readonly apiVersion: string;
  readonly namespace: string;
  readonly resource: string;
  readonly subresource: string;
  readonly name: string;
  /** The segments after the resource. */
  readonly parts: readonly string[];
  readonly fieldSelector: string;
  readonly labelSelector: string;
  /** `watch` or `proxy` for paths of the old forms `/api/v1/watch/…` and `/api/v1/proxy/…`. */
  readonly oldForm: 'watch' | 'proxy' | undefined;
  /** Why the URL says nothing that can be answered; undefined when it does. */
  readonly problem?: string;
}

const namespaceSubresources = new Set(['status', 'finalize']);
const verbOfMethod: Readonly<Record<string, string>> = {
  POST: 'create',
  GET: 'get',
  HEAD: 'get',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};

/**
 * Parses `/api/v1/namespaces/ns/pods/x/log` and its relatives, the old `/api/v1/watch/…` and `/proxy/…` forms included.
 * @param rawPath the path without query, still escaped.
 * @throws RequestUrlError for escapes that are none
 */
export function parseRequestInfo(method: string, rawPath: string, query: URLSearchParams): RequestInfo {
  const path = unescapedPath(rawPath);
  const segments = path.replace(/^\/+|\/+$/g, '').split('/');
  const base = {
    isResourceRequest: false,
    path,
    verb: method.toLowerCase(),
    apiPrefix: '',
    apiGroup: '',
    apiVersion: '',
    namespace: '',
    resource: '',
    subresource: '',
    name: '',
    parts: [] as string[],
    fieldSelector: '',
    labelSelector: '',
    oldForm: undefined,
  };
  const [apiPrefix = '', ...afterPrefix] = segments;
  if (segments.length < 3 || (apiPrefix !== 'api' && apiPrefix !== 'apis')) return base;
  let rest = afterPrefix;
  let apiGroup = '';
  if (apiPrefix === 'apis') {
    if (rest.length < 3) return { ...base, apiPrefix };
    apiGroup = rest[0] ?? '';
    rest = rest.slice(1);
  }
  const apiVersion = rest[0] ?? '';
  rest = rest.slice(1);
  let verb = verbOfMethod[method] ?? '';
  const [marker] = rest;
  if (marker === 'watch' || marker === 'proxy') {
    if (rest.length < 2) return { ...base, problem: 'unable to determine kind and namespace from url' };
    verb = marker;
    rest = rest.slice(1);
  }
  let namespace = '';
  if (rest[0] === 'namespaces') {
    if (rest.length > 1) {
      namespace = rest[1] ?? '';
      // What is left after the namespace names the resource; `namespaces/x` and its own subresources stay whole.
      if (rest.length > 2 && !namespaceSubresources.has(rest[2] ?? '')) rest = rest.slice(2);
    }
  }
  const resource = rest[0] ?? '';
  let name = rest.length > 1 ? (rest[1] ?? '') : '';
  const subresource = rest.length > 2 && marker !== 'proxy' ? (rest[2] ?? '') : '';
  const fieldSelector = query.get('fieldSelector') ?? '';
  const labelSelector = query.get('labelSelector') ?? '';
  if (name === '' && verb === 'get') {
    verb = isTrue(query.get('watch')) ? 'watch' : 'list';
  } else if (name === '' && verb === 'delete') {
    verb = 'deletecollection';
  }
  // Of a delete of many no name is told, whatever it selects.
  if (name === '' && (verb === 'list' || verb === 'watch')) name = nameFromFieldSelector(fieldSelector);
  return {
    isResourceRequest: true,
    path,
    verb,
    apiPrefix,
    apiGroup,
    apiVersion,
    namespace,
    resource,
    subresource,
    name,
    parts: rest,
    oldForm: marker === 'watch' || marker === 'proxy' ? marker : undefined,
    fieldSelector: verb === 'list' || verb === 'watch' || verb === 'deletecollection' ? fieldSelector : '',
    labelSelector: verb === 'list' || verb === 'watch' || verb === 'deletecollection' ? labelSelector : '',
  };
}

/** Whether a query value switches a flag on: present and neither `false`, in whatever case, nor `0`. */
export function isTrue(value: string | null): boolean {
  return value !== null && value.toLowerCase() !== 'false' && value !== '0';
}

/**
 * The name that `metadata.name=x` asks for, so that authorization sees it: of the selector as the list itself reads it,
 * since what is asked and what is answered must be the same.
 */
function nameFromFieldSelector(selector: string): string {
  if (selector === '') return '';
  try {
    const named = parseFieldSelector(selector).find(
      ({ field, operator }) => field === 'metadata.name' && operator === '=',
    );
    const name = named?.value ?? '';
    return /[/%]/.test(name) || name === '.' || name === '..' ? '' : name;
  } catch {
    return '';
  }
}
