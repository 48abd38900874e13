import type {
  ClusterRole,
  ClusterRoleBinding,
  PolicyRule,
  Role,
  RoleBinding,
  Subject,
} from '../../api/types/rbac-v1.ts';
import type { Informer } from '../../client/informer.ts';
import type { UserInfo } from '../authentication/authenticator.ts';
import type { AuthorizationAttributes, AuthorizationDecision, Authorizer } from './authorizer.ts';
import { ruleAllows } from './rbac-rules.ts';

/** Local copies of the policy objects. */
export interface RbacInformers {
  readonly clusterRoles: Informer<ClusterRole>;
  readonly clusterRoleBindings: Informer<ClusterRoleBinding>;
  readonly roles: Informer<Role>;
  readonly roleBindings: Informer<RoleBinding>;
}

/** A rule that applies to somebody, with where it comes from. */
export interface GrantedRule {
  readonly rule: PolicyRule;
  readonly source: string;
}

/** Roles and bindings, indexed by subject. */
export class RbacAuthorizer implements Authorizer {
  readonly #informers: RbacInformers;
  #clusterBindings: Map<string, ClusterRoleBinding[]> | undefined;
  #namespaceBindings: Map<string, RoleBinding[]> | undefined;

  constructor(informers: RbacInformers) {
    this.#informers = informers;
    const forgetCluster = (): void => {
      this.#clusterBindings = undefined;
    };
    const forgetNamespaced = (): void => {
      this.#namespaceBindings = undefined;
    };
    informers.clusterRoleBindings.addHandler({ added: forgetCluster, updated: forgetCluster, deleted: forgetCluster });
    informers.roleBindings.addHandler({
      added: forgetNamespaced,
      updated: forgetNamespaced,
      deleted: forgetNamespaced,
    });
  }

  async authorize(attributes: AuthorizationAttributes): Promise<AuthorizationDecision> {
    const errors: string[] = [];
    for (const granted of this.#rulesFor(attributes.user, attributes.namespace, errors)) {
      if (ruleAllows(granted.rule, attributes))
        return { decision: 'allow', reason: `RBAC: allowed by ${granted.source}` };
    }
    const reason =
      errors.length === 0 ? '' : `RBAC: ${errors.length === 1 ? (errors[0] ?? '') : `[${errors.join(', ')}]`}`;
    return { decision: 'noOpinion', reason };
  }

  /** Every rule that applies to a user in a namespace (or, with an empty one, cluster-wide). */
  rulesFor(user: UserInfo, namespace: string): readonly GrantedRule[] {
    return [...this.#rulesFor(user, namespace, [])];
  }

  /** The rules of a role; undefined when it does not exist. */
  rulesOfRole(
    reference: { readonly kind: string; readonly name: string },
    namespace: string,
  ): PolicyRule[] | undefined {
    const role =
      reference.kind === 'Role'
        ? this.#informers.roles.get(namespace, reference.name)
        : this.#informers.clusterRoles.get('', reference.name);
    return role === undefined ? undefined : (role.rules ?? []);
  }

  *#rulesFor(user: UserInfo, namespace: string, errors: string[]): Generator<GrantedRule> {
    const subjects = subjectKeys(user);
    const clusterBindings = (this.#clusterBindings ??= indexBySubject(this.#informers.clusterRoleBindings.list()));
    for (const [subject, key] of subjects) {
      for (const binding of clusterBindings.get(key) ?? []) {
        const source = `ClusterRoleBinding "${binding.metadata.name ?? ''}" of ClusterRole "${binding.roleRef.name}" to ${subject}`;
        for (const rule of this.#rulesOf(binding.roleRef, '', errors)) yield { rule, source };
      }
    }
    if (namespace === '') return;
    const namespaceBindings = (this.#namespaceBindings ??= indexBySubject(this.#informers.roleBindings.list()));
    for (const [subject, key] of subjects) {
      for (const binding of namespaceBindings.get(`${namespace}|${key}`) ?? []) {
        const { kind, name } = binding.roleRef;
        const source = `RoleBinding "${binding.metadata.name ?? ''}/${namespace}" of ${kind} "${name}" to ${subject}`;
        for (const rule of this.#rulesOf(binding.roleRef, namespace, errors)) yield { rule, source };
      }
    }
  }

  #rulesOf(
    reference: { readonly kind: string; readonly name: string },
    namespace: string,
    errors: string[],
  ): readonly PolicyRule[] {
    const rules = this.rulesOfRole(reference, namespace);
    if (rules === undefined) {
      const resource = reference.kind === 'Role' ? 'role' : 'clusterrole';
      errors.push(`${resource}.rbac.authorization.k8s.io "${reference.name}" not found`);
    }
    return rules ?? [];
  }
}

const serviceAccountPrefix = 'system:serviceaccount:';

/** How reasons name the subjects a user is, and how the index does. */
function subjectKeys(user: UserInfo): (readonly [string, string])[] {
  const keys: (readonly [string, string])[] = [[`User "${user.username}"`, `User/${user.username}`]];
  if (user.username.startsWith(serviceAccountPrefix)) {
    const [namespace = '', name = ''] = user.username.slice(serviceAccountPrefix.length).split(':');
    keys.push([`ServiceAccount "${name}/${namespace}"`, `ServiceAccount/${namespace}/${name}`]);
  }
  for (const group of user.groups) keys.push([`Group "${group}"`, `Group/${group}`]);
  return keys;
}

function indexBySubject<B extends ClusterRoleBinding | RoleBinding>(bindings: readonly B[]): Map<string, B[]> {
  const index = new Map<string, B[]>();
  for (const binding of bindings) {
    const prefix = binding.kind === 'RoleBinding' ? `${binding.metadata.namespace ?? ''}|` : '';
    for (const subject of binding.subjects ?? []) {
      const key = prefix + subjectKey(subject, binding.metadata.namespace ?? '');
      const list = index.get(key);
      if (list === undefined) index.set(key, [binding]);
      else list.push(binding);
    }
  }
  return index;
}

function subjectKey(subject: Subject, namespace: string): string {
  if (subject.kind !== 'ServiceAccount') return `${subject.kind}/${subject.name}`;
  return `ServiceAccount/${subject.namespace ?? namespace}/${subject.name}`;
}
