/** Group, version and kind: what `apiVersion` and `kind` of an object say. The core group is the empty string. */
export interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

/** Group, version and resource: what a URL says. */
export interface GroupVersionResource {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
}

/** Group and version. */
export interface GroupVersion {
  readonly group: string;
  readonly version: string;
}

/** `apps/v1`, or `v1` for the core group. */
export function formatGroupVersion(gv: GroupVersion): string {
  return gv.group === '' ? gv.version : `${gv.group}/${gv.version}`;
}

/** Splits an apiVersion; @throws Error for more than one slash, with the text Kubernetes uses. */
export function parseGroupVersion(apiVersion: string): GroupVersion {
  const parts = apiVersion.split('/');
  if (parts.length === 1) return { group: '', version: parts[0] ?? '' };
  if (parts.length === 2) return { group: parts[0] ?? '', version: parts[1] ?? '' };
  throw new Error(`unexpected GroupVersion string: ${apiVersion}`);
}

/** The group, version and kind that an object declares; missing ones are empty. */
export function gvkOf(object: { readonly apiVersion?: unknown; readonly kind?: unknown }): GroupVersionKind {
  const apiVersion = typeof object.apiVersion === 'string' ? object.apiVersion : '';
  const kind = typeof object.kind === 'string' ? object.kind : '';
  return { ...parseGroupVersion(apiVersion), kind };
}

/** `apps/v1, Resource=deployments`: how messages name a resource with its version. */
export function gvrText({ group, version, resource }: GroupVersionResource): string {
  return `${group}/${version}, Resource=${resource}`;
}

/** `apps/v1, Kind=Deployment`, `/v1, Kind=Pod` for the core group: how messages name a kind with its version. */
export function gvkText({ group, version, kind }: GroupVersionKind): string {
  return `${group}/${version}, Kind=${kind}`;
}

/** `deployments.apps`, or `pods` for the core group: how messages name a resource. */
export function formatGroupResource(gr: { readonly group: string; readonly resource: string }): string {
  return gr.group === '' ? gr.resource : `${gr.resource}.${gr.group}`;
}

/** The URL path of a group version: `/api/v1`, `/apis/apps/v1`. */
export function groupVersionPath(gv: GroupVersion): string {
  const root = gv.group === '' ? '/api' : `/apis/${gv.group}`;
  return gv.version === '' ? root : `${root}/${gv.version}`;
}

/** Path of a collection or, with a name, of one object; path segments are escaped. */
export function resourcePath(
  gvr: GroupVersionResource,
  namespace?: string,
  name?: string,
  subresource?: string,
): string {
  let path = groupVersionPath(gvr);
  if (namespace !== undefined && namespace !== '') path += `/namespaces/${encodeURIComponent(namespace)}`;
  path += `/${gvr.resource}`;
  if (name !== undefined) path += `/${encodeURIComponent(name)}`;
  if (subresource !== undefined) path += `/${subresource}`;
  return path;
}
