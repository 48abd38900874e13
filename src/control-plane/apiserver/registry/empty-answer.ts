import { isJsonObject, type JsonObject } from '../../../apimachinery/json.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import type { ApiResource } from './api-resource.ts';
import { zeroObject } from './managed-field-management.ts';

/** What turning the real server's own form of an empty object into the version shows besides, by kind. */
const shown: Readonly<Record<string, JsonObject>> = {
  'apiextensions.k8s.io/CustomResourceDefinition': { status: { storedVersions: null } },
  'apps/ControllerRevision': { data: null },
  'apps/DaemonSet': { spec: { selector: null } },
  'apps/Deployment': { spec: { replicas: 0, selector: null } },
  'apps/ReplicaSet': { spec: { replicas: 0, selector: null } },
  'apps/StatefulSet': { spec: { replicas: 0, selector: null } },
  'certificates.k8s.io/CertificateSigningRequest': { spec: { request: null } },
};

/** An object with nothing set, as bookmarks and deletes that are only tried show one: it has no name either. */
export function emptyAnswer(resource: ApiResource): Unstructured {
  const object = zeroObject(resource);
  if (resource.custom) return object;
  const fields = object as unknown as JsonObject;
  const { group, kind } = resource.gvk;
  for (const [field, value] of Object.entries(shown[`${group}/${kind}`] ?? {})) {
    const present = fields[field];
    fields[field] = isJsonObject(value) && isJsonObject(present) ? { ...present, ...value } : value;
  }
  // Its own form has no pointer there, and what is zero is not shown.
  const spec = fields['spec'];
  if (kind === 'ReplicationController' && isJsonObject(spec)) delete spec['minReadySeconds'];
  return object;
}
