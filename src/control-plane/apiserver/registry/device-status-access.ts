import type { UserInfo } from '../../authentication/authenticator.ts';
import type { AllocatedDeviceStatus, ResourceClaim, ResourceClaimStatus } from '../../../api/types/resource-v1.ts';
import { type FieldError, FieldPath, fieldForbidden } from '../../../apimachinery/field-error.ts';
import { equalJson, type JsonValue } from '../../../apimachinery/json.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import type { AuthorizationAttributes } from '../../authorization/authorizer.ts';
import { refusal, type RequestAuthorizer } from '../filters/authorization.ts';

const nodeNameKey = 'authentication.kubernetes.io/node-name';
const statusPath = new FieldPath('status');

/**
 * Who writes the status of a claim needs more than the right to write it (KEP-4817, gate
 * DRAResourceClaimGranularStatusAuthorization): `resourceclaims/binding` to change what is allocated and for whom,
 * `resourceclaims/driver` to change what drivers tell of devices, by the driver's name and by whether the writer runs
 * on the node of the claim.
 * @param asked what the request itself asked of the authorizer
 */
export async function deviceStatusProblems(
  authorizer: RequestAuthorizer,
  asked: AuthorizationAttributes,
  object: Unstructured,
  old: Unstructured,
): Promise<FieldError[]> {
  const next = statusOf(object);
  const last = statusOf(old);
  const errors: FieldError[] = [];
  const isBound = isSame(next.allocation, last.allocation) && isSame(next.reservedFor, last.reservedFor);
  if (!isBound) {
    const why = await refusalOf(authorizer, { ...asked, subresource: 'binding', namespace: '', name: '' });
    if (why !== undefined) {
      const what = `changing status.allocation or status.reservedFor requires resource="resourceclaims/binding", verb="${asked.verb}" permission`;
      errors.push(fieldForbidden(statusPath.child('allocation'), `${what}: ${why}`));
    }
  }
  if (next.allocation === undefined) return errors;
  const isOwnNode = runsOn(asked.user, nodeOf(next.allocation));
  const prefixes = isOwnNode ? ['associated-node:', 'arbitrary-node:'] : ['arbitrary-node:'];
  const verbs = prefixes.map((prefix) => `${prefix}${asked.verb}`);
  for (const name of changedDrivers(next.devices ?? [], last.devices ?? [])) {
    const question = { ...asked, subresource: 'driver', name };
    const why = await firstRefusal(authorizer, verbs, question);
    if (why === undefined) continue;
    const what = `changing status.devices requires resource="resourceclaims/driver", verb="[${verbs.join(' ')}]" permission`;
    errors.push(fieldForbidden(statusPath.child('devices'), `${what}: ${why}`));
  }
  return errors;
}

function statusOf(claim: Unstructured): ResourceClaimStatus {
  return (claim as unknown as ResourceClaim).status ?? {};
}

/** What is empty is the same as what is not there. */
function isSame(one: object | undefined, other: object | undefined): boolean {
  const shown = (value: object | undefined): JsonValue =>
    value === undefined || (Array.isArray(value) && value.length === 0) ? null : (value as JsonValue);
  return equalJson(shown(one), shown(other));
}

/** One of the verbs is enough; what is told is why the first is not allowed. */
async function firstRefusal(
  authorizer: RequestAuthorizer,
  verbs: readonly string[],
  question: AuthorizationAttributes,
): Promise<string | undefined> {
  let first: string | undefined;
  for (const verb of verbs) {
    const why = await refusalOf(authorizer, { ...question, verb });
    if (why === undefined) return undefined;
    first ??= why;
  }
  return first;
}

async function refusalOf(
  authorizer: RequestAuthorizer,
  question: AuthorizationAttributes,
): Promise<string | undefined> {
  const { allowed, reason, error } = await authorizer.authorize(question);
  if (allowed) return undefined;
  const said = error === undefined ? reason : reason === '' ? error : `${error}: ${reason}`;
  return refusal(question, said).message;
}

/** Drivers of the devices of which something else is told than before, sorted. */
function changedDrivers(next: readonly AllocatedDeviceStatus[], last: readonly AllocatedDeviceStatus[]): string[] {
  const keyOf = ({ driver, pool, device, shareID = '' }: AllocatedDeviceStatus): string =>
    JSON.stringify([driver, pool, device, shareID]);
  const before = new Map(last.map((device) => [keyOf(device), device]));
  const changed = new Set<string>();
  for (const device of next) {
    const key = keyOf(device);
    if (!isSame(device, before.get(key))) changed.add(device.driver);
    before.delete(key);
  }
  for (const { driver } of before.values()) changed.add(driver);
  return [...changed].toSorted();
}

/** The one node that an allocation is for, as it is written for devices of a node. */
function nodeOf({ nodeSelector }: NonNullable<ResourceClaimStatus['allocation']>): string | undefined {
  const [term, ...others] = nodeSelector?.nodeSelectorTerms ?? [];
  if (term === undefined || others.length > 0 || (term.matchExpressions ?? []).length > 0) return undefined;
  const [field, ...more] = term.matchFields ?? [];
  if (field?.key !== 'metadata.name' || field.operator !== 'In' || more.length > 0) return undefined;
  return field.values?.length === 1 ? field.values[0] : undefined;
}

function runsOn({ username, extra }: UserInfo, node: string | undefined): boolean {
  const names = extra[nodeNameKey] ?? [];
  return node !== undefined && username.startsWith('system:serviceaccount:') && names.length === 1 && names[0] === node;
}
