import { conflict, type StatusError } from '../../../apimachinery/status.ts';
import type { ApiResource } from './api-resource.ts';

/** Keys under which etcd keeps kinds for the real server, where they are not called by the resource. */
const etcdPrefixes: Readonly<Record<string, string>> = {
  '/endpoints': 'services/endpoints',
  '/nodes': 'minions',
  '/replicationcontrollers': 'controllers',
  '/services': 'services/specs',
  'apiextensions.k8s.io/customresourcedefinitions': 'apiextensions.k8s.io/customresourcedefinitions',
  'apiregistration.k8s.io/apiservices': 'apiregistration.k8s.io/apiservices',
  'networking.k8s.io/ingresses': 'ingress',
};

/** 409 for a write that insists on a uid which is not the object's, in the words of the real server's storage. */
export function uidMismatch(
  resource: ApiResource,
  namespace: string,
  name: string,
  wanted: string,
  actual: string,
  dryRun = false,
): StatusError {
  const text = `UID in precondition: ${wanted}, UID in object meta: ${actual}`;
  return preconditionFailed(resource, namespace, name, text, dryRun);
}

/**
 * 409 for a write whose precondition does not hold.
 * @param failure which, and how
 * @param dryRun of writes that are only tried the real server tells the key without the part that all have
 */
export function preconditionFailed(
  resource: ApiResource,
  namespace: string,
  name: string,
  failure: string,
  dryRun = false,
): StatusError {
  const { group, resource: plural } = resource.groupResource;
  const prefix = resource.custom ? `${group}/${plural}` : (etcdPrefixes[`${group}/${plural}`] ?? plural);
  const key = `${dryRun ? '' : '/registry'}/${prefix}/${resource.definition.namespaced ? `${namespace}/` : ''}${name}`;
  const text =
    `StorageError: invalid object, Code: 4, Key: ${key}, ResourceVersion: 0, AdditionalErrorMsg: ` +
    `Precondition failed: ${failure}`;
  return conflict(resource.groupResource, name, text);
}
