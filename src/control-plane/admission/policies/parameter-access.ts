import { FieldPath, fieldForbidden, invalidObject } from '../../../apimachinery/field-error.ts';
import { parseGroupVersion } from '../../../apimachinery/gvk.ts';
import { equalJson } from '../../../apimachinery/json.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import type { ParamKind, ParamRef } from '../../../api/types/admissionregistration-v1.ts';
import type { UserInfo } from '../../authentication/authenticator.ts';
import type { AdmissionAttributes, AdmissionContext, AdmissionPlugin } from '../admission-plugin.ts';
import { getWithFallback } from '../cluster-reader.ts';

interface Policy extends Unstructured {
  readonly spec?: { readonly paramKind?: ParamKind };
}

interface Binding extends Unstructured {
  readonly spec?: { readonly policyName?: string; readonly paramRef?: ParamRef };
}

/**
 * Who writes a policy with parameters, or a binding that brings some, must be allowed to read them. In the real server
 * this is part of validation and not a plugin: it cannot be switched off.
 */
export function policyParameterAccess(context: AdmissionContext): AdmissionPlugin {
  const group = 'admissionregistration.k8s.io';
  const policiesOf = (resource: string): ((namespace: string, name: string) => Promise<Policy | undefined>) =>
    getWithFallback<Policy>(context, { group, version: 'v1', resource });
  const policies = {
    validatingadmissionpolicybindings: policiesOf('validatingadmissionpolicies'),
    mutatingadmissionpolicybindings: policiesOf('mutatingadmissionpolicies'),
  };
  const mayRead = async (
    user: UserInfo,
    verb: string,
    paramKind: ParamKind | undefined,
    place: { readonly namespace: string; readonly name: string },
  ): Promise<boolean> => {
    const { apiVersion, kind = '' } = paramKind ?? {};
    // What cannot be told is asked for everything.
    const version = apiVersion === undefined ? { group: '*', version: '*' } : parseGroupVersion(apiVersion);
    const served = apiVersion === undefined ? undefined : context.resourceOf(apiVersion, kind);
    const answer = await context.access.authorize({
      user,
      verb,
      isResourceRequest: true,
      apiGroup: version.group,
      apiVersion: version.version,
      resource: served?.resource.resource ?? '*',
      subresource: '',
      path: '',
      fieldSelector: '',
      labelSelector: '',
      ...place,
    });
    return answer.allowed;
  };

  async function policyProblem({ user, object, oldObject }: AdmissionAttributes): Promise<string | undefined> {
    const paramKind = (object as Policy).spec?.paramKind;
    const before = (oldObject as Partial<Policy> | undefined)?.spec?.paramKind;
    if (paramKind === undefined || (before !== undefined && equalJson(paramKind, before))) return undefined;
    if (await mayRead(user, 'get', paramKind, { namespace: '*', name: '*' })) return undefined;
    const { kind = '', apiVersion = '' } = paramKind;
    const what = `all objects of the referenced paramKind (kind=${kind}, apiVersion=${apiVersion})`;
    return `user ${describeUser(user)} must have "get" permission on ${what}`;
  }

  async function bindingProblem(
    { user, object }: AdmissionAttributes,
    resource: keyof typeof policies,
  ): Promise<string | undefined> {
    const { policyName = '', paramRef } = (object as Binding).spec ?? {};
    if (paramRef === undefined) return undefined;
    const policy = await policies[resource]('', policyName);
    const paramKind = policy?.spec?.paramKind;
    const { name = '', namespace = '' } = paramRef;
    const verb = name === '' ? 'list' : 'get';
    if (await mayRead(user, verb, paramKind, { namespace, name })) return undefined;
    const who = describeUser(user);
    const everything = `user ${who} does not have "${verb}" permission for all groups, versions and resources`;
    const unknown = 'to determine minimum required permissions and';
    if (policy === undefined) return `unable to get policy ${policyName} ${unknown} ${everything}`;
    const { apiVersion = '', kind = '' } = paramKind ?? {};
    if (paramKind !== undefined && context.resourceOf(apiVersion, kind) === undefined) {
      return `unable to resolve paramKind &ParamKind{APIVersion:${apiVersion},Kind:${kind},} ${unknown} ${everything}`;
    }
    // The real server has the two the other way round for one of the kinds.
    const [first, second] = resource === 'mutatingadmissionpolicybindings' ? [verb, who] : [who, verb];
    return `user ${first} does not have "${second}" permission on the object referenced by paramRef`;
  }

  return {
    name: 'PolicyParameterAccess',
    async validate(attributes) {
      const { operation, resource, subresource, object, user, kind } = attributes;
      if (resource.group !== group || subresource !== '' || object === undefined) return;
      if ((operation !== 'CREATE' && operation !== 'UPDATE') || user.groups.includes('system:masters')) return;
      let [field, problem]: [string, string | undefined] = ['paramKind', undefined];
      switch (resource.resource) {
        case 'validatingadmissionpolicies':
        case 'mutatingadmissionpolicies':
          problem = await policyProblem(attributes);
          break;
        case 'validatingadmissionpolicybindings':
        case 'mutatingadmissionpolicybindings':
          field = 'paramRef';
          problem = await bindingProblem(attributes, resource.resource);
          break;
        default:
      }
      if (problem === undefined) return;
      const error = fieldForbidden(new FieldPath('spec').child(field), problem);
      throw invalidObject(kind, object.metadata.name ?? '', [error]);
    },
  };
}

/** A user as Go prints one. */
function describeUser({ username, uid, groups, extra }: UserInfo): string {
  const more = Object.entries(extra)
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .map(([key, values]) => `${key}:[${values.join(' ')}]`);
  return `&{${username} ${uid} [${groups.join(' ')}] map[${more.join(' ')}]}`;
}
