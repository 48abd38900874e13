import type { PolicyRule } from '../../api/types/rbac-v1.ts';
import { parseFieldSelector } from '../../apimachinery/field-selector.ts';
import type { UserInfo } from '../authentication/authenticator.ts';
import type { AuthorizationAttributes, AuthorizationDecision, Authorizer } from './authorizer.ts';
import type { NodeReferences } from './node-references.ts';
import { ruleAllows } from './rbac-rules.ts';

const allow: AuthorizationDecision = { decision: 'allow', reason: '' };

function noOpinion(reason: string): AuthorizationDecision {
  return { decision: 'noOpinion', reason };
}

/** Name of the node a user is; an empty text for a node without one, undefined for other users. */
export function nodeIdentity(user: UserInfo): string | undefined {
  if (!user.groups.includes('system:nodes') || !user.username.startsWith('system:node:')) return undefined;
  return user.username.slice('system:node:'.length);
}

/** Lets nodes see and change what is theirs: themselves, their pods, and what those use. */
export class NodeAuthorizer implements Authorizer {
  readonly #openReferences: () => Promise<Pick<NodeReferences, 'has'>>;
  #references: Pick<NodeReferences, 'has'> | undefined;
  readonly #rules: readonly PolicyRule[];
  readonly #openGates: ReadonlySet<string>;

  /**
   * @param openReferences asked when the first node comes: a server without nodes keeps no copies of pods.
   * @param rules of the default cluster role system:node, for what depends on no relation.
   * @param openGates feature gates that are open though they are closed by default.
   */
  constructor(
    openReferences: () => Promise<Pick<NodeReferences, 'has'>>,
    rules: readonly PolicyRule[],
    openGates: ReadonlySet<string> = new Set(),
  ) {
    this.#openGates = openGates;
    this.#openReferences = openReferences;
    this.#rules = rules;
  }

  async authorize(attributes: AuthorizationAttributes): Promise<AuthorizationDecision> {
    const node = nodeIdentity(attributes.user);
    if (node === undefined) return noOpinion('');
    if (node === '') return noOpinion(`unknown node for user "${attributes.user.username}"`);
    this.#references ??= await this.#openReferences();
    return this.#decide(attributes, node);
  }

  rulesProblem(user: UserInfo): string | undefined {
    return nodeIdentity(user) === undefined ? undefined : 'node authorizer does not support user rule resolution';
  }

  #decide(attributes: AuthorizationAttributes, node: string): AuthorizationDecision {
    const decide = attributes.isResourceRequest ? this.#special(attributes, node) : undefined;
    if (decide !== undefined) return decide();
    return this.#rules.some((rule) => ruleAllows(rule, attributes)) ? allow : noOpinion('');
  }

  /** The resources that a node's rights to depend on what it runs. */
  #special(attributes: AuthorizationAttributes, node: string): (() => AuthorizationDecision) | undefined {
    const { apiGroup, resource, subresource } = attributes;
    switch (apiGroup === '' ? resource : `${apiGroup}/${resource}`) {
      case 'secrets':
      case 'configmaps':
        return () => this.#readNamespaced(attributes, node);
      case 'persistentvolumeclaims':
        return () => (subresource === 'status' ? this.#updateStatus(attributes, node) : this.#get(attributes, node));
      case 'persistentvolumes':
      case 'resource.k8s.io/resourceclaims':
      case 'storage.k8s.io/volumeattachments':
        return () => this.#get(attributes, node);
      case 'serviceaccounts':
        return () => this.#serviceAccount(attributes, node);
      case 'coordination.k8s.io/leases':
        return () => lease(attributes, node);
      case 'storage.k8s.io/csinodes':
        return () => csiNode(attributes, node);
      case 'resource.k8s.io/resourceslices':
        return () => this.#resourceSlice(attributes, node);
      case 'certificates.k8s.io/podcertificaterequests':
        return this.#openGates.has('PodCertificateRequest')
          ? () => this.#podCertificateRequest(attributes, node)
          : undefined;
      case 'nodes':
        return () => ownNode(attributes, node);
      case 'pods':
        return () => this.#pod(attributes, node);
      default:
        return undefined;
    }
  }

  #related({ resource, namespace, name }: AuthorizationAttributes, node: string): AuthorizationDecision {
    if (name === '') return noOpinion('No Object name found');
    if (this.#references?.has(node, resource, namespace, name) === true) return allow;
    return noOpinion(`no relationship found between node '${node}' and this object`);
  }

  #get(attributes: AuthorizationAttributes, node: string): AuthorizationDecision {
    if (attributes.verb !== 'get') return noOpinion('can only get individual resources of this type');
    if (attributes.subresource !== '') return noOpinion('cannot get subresource');
    return this.#related(attributes, node);
  }

  #readNamespaced(attributes: AuthorizationAttributes, node: string): AuthorizationDecision {
    const { verb, subresource, namespace } = attributes;
    if (!['get', 'list', 'watch'].includes(verb)) return noOpinion('can only read resources of this type');
    if (subresource !== '') return noOpinion('cannot read subresource');
    if (namespace === '') return noOpinion('can only read namespaced object of this type');
    return this.#related(attributes, node);
  }

  #updateStatus(attributes: AuthorizationAttributes, node: string): AuthorizationDecision {
    const isWrite = attributes.verb === 'update' || attributes.verb === 'patch';
    return isWrite ? this.#related(attributes, node) : noOpinion('can only get/update/patch this type');
  }

  #serviceAccount(attributes: AuthorizationAttributes, node: string): AuthorizationDecision {
    const { verb, subresource, name } = attributes;
    if (verb === 'get' && subresource === '') return this.#readNamespaced(attributes, node);
    if (verb !== 'create' || name === '') return noOpinion('can only create tokens for individual service accounts');
    if (subresource !== 'token') return noOpinion('can only create token subresource of serviceaccount');
    return this.#related(attributes, node);
  }

  #pod(attributes: AuthorizationAttributes, node: string): AuthorizationDecision {
    const { verb, subresource, name } = attributes;
    if (subresource === 'status' && (verb === 'update' || verb === 'patch')) return allow;
    if (subresource === 'eviction' && verb === 'create') return allow;
    if (subresource !== '') return noOpinion('');
    if (verb === 'create' || verb === 'delete') return allow;
    if (verb === 'get') return this.#related(attributes, node);
    if (verb !== 'list' && verb !== 'watch') return noOpinion('');
    if (selects(attributes, 'spec.nodeName', node)) return allow;
    if (name !== '') return this.#related(attributes, node);
    return noOpinion('can only list/watch pods with spec.nodeName field selector');
  }

  #podCertificateRequest(attributes: AuthorizationAttributes, node: string): AuthorizationDecision {
    const { verb, subresource } = attributes;
    if (subresource !== '') {
      return noOpinion('nodes may not access the status subresource of PodCertificateRequests');
    }
    if (verb === 'create') return allow;
    if (verb === 'get') return this.#related(attributes, node);
    if (verb !== 'list' && verb !== 'watch') return noOpinion(`nodes may not ${verb} podcertificaterequests`);
    if (selects(attributes, 'spec.nodeName', node)) return allow;
    return noOpinion('can only list/watch podcertificaterequests with nodeName field selector');
  }

  #resourceSlice(attributes: AuthorizationAttributes, node: string): AuthorizationDecision {
    const { verb, subresource } = attributes;
    if (subresource !== '') return noOpinion('cannot authorize ResourceSlice subresources');
    if (verb === 'create') return allow;
    if (['get', 'update', 'patch', 'delete'].includes(verb)) return this.#related(attributes, node);
    if (['watch', 'list', 'deletecollection'].includes(verb)) {
      if (selects(attributes, 'spec.nodeName', node)) return allow;
      return noOpinion('can only list/watch/deletecollection resourceslices with nodeName field selector');
    }
    return noOpinion(
      'only the following verbs are allowed for a ResourceSlice: get, watch, list, create, update, patch, delete, deletecollection',
    );
  }
}

function selects({ fieldSelector }: AuthorizationAttributes, field: string, value: string): boolean {
  try {
    return parseFieldSelector(fieldSelector).some(
      (requirement) => requirement.field === field && requirement.operator !== '!=' && requirement.value === value,
    );
  } catch {
    return false;
  }
}

const ownObjectVerbs = ['get', 'create', 'update', 'patch', 'delete'];

function lease({ verb, namespace, name }: AuthorizationAttributes, node: string): AuthorizationDecision {
  if (!ownObjectVerbs.includes(verb)) {
    return noOpinion('can only get, create, update, patch, or delete a node lease');
  }
  if (namespace !== 'kube-node-lease') {
    return noOpinion('can only access leases in the "kube-node-lease" system namespace');
  }
  if (verb === 'create' || name === node) return allow;
  return noOpinion('can only access node lease with the same name as the requesting node');
}

function csiNode({ verb, subresource, name }: AuthorizationAttributes, node: string): AuthorizationDecision {
  if (!ownObjectVerbs.includes(verb)) return noOpinion('can only get, create, update, patch, or delete a CSINode');
  if (subresource !== '') return noOpinion('cannot authorize CSINode subresources');
  if (verb === 'create' || name === node) return allow;
  return noOpinion('can only access CSINode with the same name as the requesting node');
}

function ownNode({ verb, subresource, name }: AuthorizationAttributes, node: string): AuthorizationDecision {
  if (subresource === 'status') return verb === 'update' || verb === 'patch' ? allow : noOpinion('');
  if (subresource !== '') return noOpinion('');
  if (['create', 'update', 'patch'].includes(verb)) return allow;
  if (!['get', 'list', 'watch'].includes(verb)) return noOpinion('');
  if (name === node) return allow;
  if (name === '') return noOpinion(`node '${node}' cannot read all nodes, only its own Node object`);
  return noOpinion(`node '${node}' cannot read '${name}', only its own Node object`);
}
