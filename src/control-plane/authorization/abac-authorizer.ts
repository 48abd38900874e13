import type { PolicyRule } from '../../api/types/rbac-v1.ts';
import { decodeTyped } from '../../apimachinery/decoding/typed-decoder.ts';
import { messageOf } from '../../apimachinery/error-message.ts';
import { goQuote } from '../../apimachinery/field-error.ts';
import type { JsonObject } from '../../apimachinery/json.ts';
import type { Schema } from '../../apimachinery/schema.ts';
import { parseWebhookAnswer, typeOfAnswer } from '../../client/webhook-answer.ts';
import type { UserInfo } from '../authentication/authenticator.ts';
import { type AuthorizationAttributes, type Authorizer, isReadOnly } from './authorizer.ts';

/** One line of an ABAC policy file (abac.authorization.kubernetes.io/v1beta1). */
interface PolicySpec {
  readonly user?: string;
  readonly group?: string;
  readonly readonly?: boolean;
  readonly apiGroup?: string;
  readonly resource?: string;
  readonly namespace?: string;
  readonly nonResourcePath?: string;
}

/**
 * Allows what a line of --authorization-policy-file names.
 * @param path the file's, for messages
 * @throws Error for a line that cannot be read
 */
export function abacAuthorizer(file: string, path: string): Authorizer {
  const policies = file.split('\n').flatMap((line, index): PolicySpec[] => {
    const text = line.trim();
    if (text === '' || text.startsWith('#')) return [];
    try {
      return [parsePolicy(line)];
    } catch (error) {
      const why = messageOf(error);
      throw new Error(`error reading policy file ${path}, line ${index + 1}: ${line}: ${why}`, { cause: error });
    }
  });
  return {
    rulesFor: (user, namespace) => policies.flatMap((policy) => rulesOf(policy, user, namespace)),
    authorize(attributes) {
      if (policies.some((policy) => matches(policy, attributes))) {
        return Promise.resolve({ decision: 'allow', reason: '' });
      }
      return Promise.resolve({ decision: 'noOpinion', reason: 'No policy matched.' });
    },
  };
}

const apiGroup = 'abac.authorization.kubernetes.io';
const everyone = 'system:authenticated';
const text: Schema = { type: 'string' };
const flag: Schema = { type: 'boolean' };
const fields = { user: text, group: text, readonly: flag, resource: text, namespace: text };
const specType = 'io.k8s.pkg.apis.abac.v1beta1.PolicySpec';
const types = new Map<string, Schema>(
  Object.entries({
    'io.k8s.pkg.apis.abac.v0.Policy': { type: 'object', properties: fields },
    'io.k8s.pkg.apis.abac.v1beta1.Policy': { type: 'object', properties: { spec: { ref: specType } } },
    [specType]: { type: 'object', properties: { ...fields, apiGroup: text, nonResourcePath: text } },
  }),
);

/** @throws Error in the words of the real server */
function parsePolicy(line: string): PolicySpec {
  const object = parseWebhookAnswer(Buffer.from(line));
  const { apiVersion, kind } = typeOfAnswer(object);
  if (apiVersion === '' || kind === '' || (apiVersion === `${apiGroup}/v0` && kind === 'Policy')) {
    return fromFirstVersion(decoded(object, 'v0'));
  }
  if (apiVersion === `${apiGroup}/v1beta1` && kind === 'Policy') {
    const { spec = {} } = decoded(object, 'v1beta1') as { spec?: PolicySpec };
    return withEveryone(spec);
  }
  const what = `no kind ${goQuote(kind)} is registered for version ${goQuote(apiVersion)}`;
  throw new Error(`${what} in scheme "pkg/apis/abac/register.go:33"`);
}

function decoded(object: JsonObject, version: string): PolicySpec {
  const type = `io.k8s.pkg.apis.abac.${version}.Policy`;
  return decodeTyped(object, type, { lookup: (name) => types.get(name) }).object;
}

/** `*` is everybody who is known, whatever the other field says. */
function withEveryone(policy: PolicySpec): PolicySpec {
  return policy.user === '*' || policy.group === '*' ? { ...policy, user: '', group: everyone } : policy;
}

/** Lines of the first version, with or without an apiVersion: what they leave out is everything. */
function fromFirstVersion({
  user = '',
  group = '',
  readonly = false,
  namespace = '',
  resource = '',
}: PolicySpec): PolicySpec {
  return withEveryone({
    user,
    group: user === '' && group === '' ? everyone : group,
    readonly,
    namespace: namespace === '' ? '*' : namespace,
    resource: resource === '' ? '*' : resource,
    apiGroup: '*',
    ...(namespace === '' && resource === '' ? { nonResourcePath: '*' } : {}),
  });
}

function rulesOf(policy: PolicySpec, user: UserInfo, namespace: string): { readonly rule: PolicyRule }[] {
  const { namespace: place = '', resource = '', apiGroup = '', nonResourcePath = '' } = policy;
  if (!matchesSubject(policy, user) || (place !== '*' && place !== namespace)) return [];
  const verbs = policy.readonly === true ? readVerbs : ['*'];
  return [
    ...(resource === '' ? [] : [{ rule: { verbs, apiGroups: [apiGroup], resources: [resource] } }]),
    ...(nonResourcePath === '' ? [] : [{ rule: { verbs, nonResourceURLs: [nonResourcePath] } }]),
  ];
}

const readVerbs = ['get', 'list', 'watch'];

function matches(policy: PolicySpec, attributes: AuthorizationAttributes): boolean {
  if (!matchesSubject(policy, attributes.user)) return false;
  if (policy.readonly === true && !isReadOnly(attributes)) return false;
  const fits = (own: string | undefined, value: string): boolean => own === '*' || (own ?? '') === value;
  if (attributes.isResourceRequest) {
    return (
      fits(policy.namespace, attributes.namespace) &&
      fits(policy.resource, attributes.resource) &&
      fits(policy.apiGroup, attributes.apiGroup)
    );
  }
  const path = policy.nonResourcePath ?? '';
  if (path === '*' || path === attributes.path) return path !== '';
  return path.endsWith('*') && attributes.path.startsWith(path.slice(0, -1));
}

function matchesSubject({ user = '', group = '' }: PolicySpec, { username, groups }: UserInfo): boolean {
  if (user === '' && group === '') return false;
  return (user === '' || user === username) && (group === '' || groups.includes(group));
}
