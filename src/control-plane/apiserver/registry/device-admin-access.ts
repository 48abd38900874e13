import type {
  DeviceRequest,
  DeviceRequestAllocationResult,
  ResourceClaim,
  ResourceClaimTemplate,
} from '../../../api/types/resource-v1.ts';
import { type FieldError, FieldPath, fieldForbidden, fieldInternal } from '../../../apimachinery/field-error.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import type { Storage } from '../../storage/storage.ts';
import type { WriteContext } from './store.ts';
import { decodeStored } from './stored-object.ts';

const label = 'resource.kubernetes.io/admin-access';

/**
 * Who asks for devices that others use, to administer them, does so in a namespace that is labelled for it (KEP-5018):
 * claims and templates of claims when they are made, the status of claims when devices are allocated.
 */
export async function adminAccessProblems(
  storage: Storage,
  resource: string,
  object: Unstructured,
  old: Unstructured | undefined,
  context: WriteContext,
): Promise<FieldError[]> {
  const path = asksAt(resource, object, old, context.subresource);
  if (path === undefined) return [];
  const stored = await storage.get(`/registry/namespaces/${context.namespace}`);
  if (stored === undefined) {
    const text = `could not retrieve namespace to verify admin access: namespaces "${context.namespace}" not found`;
    return [fieldInternal(path, text)];
  }
  if (decodeStored(stored).metadata.labels?.[label] === 'true') return [];
  return [
    fieldForbidden(path, `admin access to devices requires the \`${label}: true\` label on the containing namespace`),
  ];
}

/** Where an object newly asks for such access. */
function asksAt(
  resource: string,
  object: Unstructured,
  old: Unstructured | undefined,
  subresource: string,
): FieldPath | undefined {
  if (resource === 'resourceclaims' && subresource === 'status') {
    const granted = (claim: Unstructured): number => resultsOf(claim).findIndex(isForAdmin);
    if (old !== undefined && granted(old) >= 0) return undefined;
    const at = new FieldPath('status').child('allocation', 'devices', 'results');
    return granted(object) < 0 ? undefined : at.index(granted(object)).child('adminAccess');
  }
  // What claims and templates ask for never changes.
  if (old !== undefined) return undefined;
  const index = requestsOf(resource, object).findIndex(({ exactly }) => isForAdmin(exactly ?? {}));
  const at = new FieldPath('spec').child('devices', 'requests');
  return index < 0 ? undefined : at.index(index).child('adminAccess');
}

function requestsOf(resource: string, object: Unstructured): readonly DeviceRequest[] {
  if (resource === 'resourceclaims') return (object as unknown as ResourceClaim).spec.devices?.requests ?? [];
  if (resource !== 'resourceclaimtemplates') return [];
  return (object as unknown as ResourceClaimTemplate).spec.spec.devices?.requests ?? [];
}

function resultsOf(claim: Unstructured): readonly DeviceRequestAllocationResult[] {
  return (claim as unknown as ResourceClaim).status?.allocation?.devices?.results ?? [];
}

function isForAdmin({ adminAccess }: { readonly adminAccess?: boolean }): boolean {
  return adminAccess === true;
}
