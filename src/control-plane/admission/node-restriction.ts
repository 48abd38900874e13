import { certificateRequestProblem } from '../../api/certificates/v1/certificate-request-syntax.ts';
import type { CertificateSigningRequest } from '../../api/types/certificates-v1.ts';
import type { ResourceSlice } from '../../api/types/resource-v1.ts';
import type { Node, PersistentVolumeClaim, Pod } from '../../api/types/core-v1.ts';
import { internalObjectDifference } from '../../api/core/v1/internal-objects.ts';
import { messageOf } from '../../apimachinery/error-message.ts';
import { equalJson, isJsonObject } from '../../apimachinery/json.ts';
import type { Unstructured } from '../../apimachinery/object-meta.ts';
import { notFound } from '../../apimachinery/status.ts';
import { nodeIdentity } from '../authorization/node-authorizer.ts';
import {
  type AdmissionAttributes,
  type AdmissionContext,
  type AdmissionPlugin,
  resourceKey,
} from './admission-plugin.ts';
import { getWithFallback } from './cluster-reader.ts';
import { apiObjectReference } from './mirror-pod-references.ts';
import { nodePodCertificates } from './node-pod-certificates.ts';
import { nodeTokenAudience } from './node-token-audience.ts';
import { refusal } from './refusal.ts';

/** Nodes write nothing but themselves and the pods that run on them. */
export function nodeRestriction(context: AdmissionContext): AdmissionPlugin {
  const podOf = getWithFallback<Pod>(context, { group: '', version: 'v1', resource: 'pods' });
  const nodeOf = getWithFallback<Node>(context, { group: '', version: 'v1', resource: 'nodes' });
  const audienceProblem = nodeTokenAudience(context);
  const admitPodCertificates = nodePodCertificates(context);
  return {
    name: 'NodeRestriction',
    async admit(attributes) {
      const node = nodeIdentity(attributes.user);
      if (node === undefined || attributes.operation === 'CONNECT') return;
      const refuse = (text: string): Error => refusal(attributes, text);
      if (node === '') throw refuse(`could not determine node from user "${attributes.user.username}"`);
      const own = { attributes, node, refuse, podOf, nodeOf, audienceProblem };
      switch (resourceKey(attributes)) {
        case 'pods':
          return admitPods(own);
        case 'nodes':
          return admitNode(own);
        case 'persistentvolumeclaims':
          return admitClaim(own);
        case 'serviceaccounts':
          return admitToken(own);
        case 'coordination.k8s.io/leases':
          return admitOwnName(own, 'kube-node-lease', 'lease');
        case 'storage.k8s.io/csinodes':
          return admitOwnName(own, '', 'CSINode');
        case 'resource.k8s.io/resourceslices':
          return admitResourceSlice(own);
        case 'certificates.k8s.io/podcertificaterequests':
          return admitPodCertificates(attributes, node);
        case 'certificates.k8s.io/certificatesigningrequests':
          return admitCertificateRequest(own);
        default:
      }
    },
  };
}

interface Question {
  readonly attributes: AdmissionAttributes;
  readonly node: string;
  readonly refuse: (text: string) => Error;
  readonly podOf: (namespace: string, name: string) => Promise<Pod | undefined>;
  readonly nodeOf: (namespace: string, name: string) => Promise<Node | undefined>;
  readonly audienceProblem: ReturnType<typeof nodeTokenAudience>;
}

async function admitPods(question: Question): Promise<void> {
  const { attributes, node, refuse } = question;
  const { subresource, operation } = attributes;
  if (subresource === 'status') {
    if (operation !== 'UPDATE') throw refuse(`unexpected operation "${operation}"`);
    admitPodStatus(question);
  } else if (subresource === 'eviction') {
    if (operation !== 'CREATE') throw refuse(`unexpected operation ${operation}`);
    if ((await existingPod(question)).spec?.nodeName !== node) {
      throw refuse(`node ${node} can only evict pods with spec.nodeName set to itself`);
    }
  } else if (subresource !== '') {
    throw refuse(`unexpected pod subresource "${subresource}", only 'status' and 'eviction' are allowed`);
  } else if (operation === 'CREATE') {
    await admitMirrorPod(question);
  } else if (operation === 'DELETE') {
    if ((await existingPod(question)).spec?.nodeName !== node) {
      throw refuse(`node "${node}" can only delete pods with spec.nodeName set to itself`);
    }
  } else {
    throw refuse(`unexpected operation "${operation}", node "${node}" can only create and delete mirror pods`);
  }
}

async function existingPod({ attributes, podOf }: Question): Promise<Pod> {
  const name = attributes.name === '' ? (attributes.object?.metadata.name ?? '') : attributes.name;
  const pod = await podOf(attributes.namespace, name);
  // As the real server's lister of pods says it.
  if (pod === undefined) throw notFound({ group: '', resource: 'pod' }, name);
  return pod;
}

function admitPodStatus({ attributes, node, refuse }: Question): void {
  const old = attributes.oldObject as unknown as Pod;
  const pod = attributes.object as unknown as Pod;
  if (old.spec?.nodeName !== node) {
    throw refuse(`node "${node}" can only update pod status for pods with spec.nodeName set to itself`);
  }
  if (!equalJson(old.metadata.labels ?? {}, pod.metadata.labels ?? {})) {
    throw refuse(`node "${node}" cannot update labels through pod status`);
  }
  if (!equalJson(old.status?.resourceClaimStatuses ?? [], pod.status?.resourceClaimStatuses ?? [])) {
    throw refuse(`node "${node}" cannot update resource claim statues`);
  }
  if (!equalJson(old.status?.extendedResourceClaimStatus, pod.status?.extendedResourceClaimStatus)) {
    throw refuse(`node "${node}" cannot update extended resource claim status`);
  }
}

const mirrorAnnotation = 'kubernetes.io/config.mirror';

async function admitMirrorPod({ attributes, node, refuse, nodeOf }: Question): Promise<void> {
  const pod = attributes.object as unknown as Pod;
  if (pod.metadata.annotations?.[mirrorAnnotation] === undefined) {
    throw refuse(`pod does not have "${mirrorAnnotation}" annotation, node "${node}" can only create mirror pods`);
  }
  if (pod.spec?.nodeName !== node) {
    throw refuse(`node "${node}" can only create pods with spec.nodeName set to itself`);
  }
  // Of references to the same object one is stored.
  const owners = new Map((pod.metadata.ownerReferences ?? []).map((reference) => [reference.uid, reference]));
  const [owner, ...others] = owners.values();
  if (others.length > 0) {
    throw refuse(`node "${node}" can only create pods with a single owner reference set to itself`);
  }
  if (owner === undefined || owner.apiVersion !== 'v1' || owner.kind !== 'Node' || owner.name !== node) {
    throw refuse(`node "${node}" can only create pods with an owner reference set to itself`);
  }
  if (owner.controller !== true) {
    throw refuse(`node "${node}" can only create pods with a controller owner reference set to itself`);
  }
  if (owner.blockOwnerDeletion === true) {
    throw refuse(`node "${node}" must not set blockOwnerDeletion on an owner reference`);
  }
  const found = await nodeOf('', node);
  if (found === undefined) throw notFound({ group: '', resource: 'nodes' }, node);
  if (owner.uid !== found.metadata.uid) {
    throw refuse(`node ${node} UID mismatch: expected ${owner.uid} got ${found.metadata.uid ?? ''}`);
  }
  const reference = apiObjectReference(pod);
  if (reference !== undefined) throw refuse(`node "${node}" can not create pods that reference ${reference}`);
}

function admitNode({ attributes, node, refuse }: Question): void {
  const { operation, name, object, oldObject } = attributes;
  const requested = name === '' ? (object?.metadata.name ?? '') : name;
  if (requested !== node) throw refuse(`node "${node}" is not allowed to modify node "${requested}"`);
  if (operation === 'DELETE') return;
  const labels = object?.metadata.labels ?? {};
  if (operation === 'CREATE') {
    if ((object as unknown as Node).spec?.configSource !== undefined) {
      throw refuse(`node "${node}" is not allowed to create pods with a non-nil configSource`);
    }
    const wrong = forbiddenLabels(labels, {});
    if (wrong.length > 0)
      throw refuse(`node "${node}" is not allowed to set the following labels: ${wrong.join(', ')}`);
    return;
  }
  const before = oldObject as unknown as Node;
  const after = object as unknown as Node;
  const source = after.spec?.configSource;
  if (source !== undefined && !equalJson(source, before.spec?.configSource)) {
    throw refuse(`node "${node}" is not allowed to update configSource to a new non-nil configSource`);
  }
  if (!equalJson(before.spec?.taints ?? [], after.spec?.taints ?? [])) {
    throw refuse(`node "${node}" is not allowed to modify taints`);
  }
  if (!equalJson(before.metadata.ownerReferences ?? [], after.metadata.ownerReferences ?? [])) {
    throw refuse(`node "${node}" is not allowed to modify ownerReferences`);
  }
  const wrong = forbiddenLabels(labels, before.metadata.labels ?? {});
  if (wrong.length > 0) throw refuse(`is not allowed to modify labels: ${wrong.join(', ')}`);
}

const kubeletLabels = new Set([
  'kubernetes.io/hostname',
  'topology.kubernetes.io/zone',
  'topology.kubernetes.io/region',
  'failure-domain.beta.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region',
  'node.kubernetes.io/instance-type',
  'beta.kubernetes.io/instance-type',
  'kubernetes.io/os',
  'kubernetes.io/arch',
  'beta.kubernetes.io/os',
  'beta.kubernetes.io/arch',
]);
const isBelow = (namespace: string, domain: string): boolean =>
  namespace === domain || namespace.endsWith(`.${domain}`);

type Labels = Readonly<Record<string, string>>;

/** Changed labels of Kubernetes' own that are not the kubelet's to set. */
function forbiddenLabels(labels: Labels, before: Labels): string[] {
  return [...new Set([...Object.keys(labels), ...Object.keys(before)])]
    .filter((key) => labels[key] !== before[key])
    .filter((key) => {
      const namespace = key.includes('/') ? (key.split('/')[0] ?? '') : '';
      if (isBelow(namespace, 'node-restriction.kubernetes.io')) return true;
      const isKubernetes = isBelow(namespace, 'kubernetes.io') || isBelow(namespace, 'k8s.io');
      const isKubelets =
        kubeletLabels.has(key) ||
        isBelow(namespace, 'kubelet.kubernetes.io') ||
        isBelow(namespace, 'node.kubernetes.io');
      return isKubernetes && !isKubelets;
    })
    .toSorted();
}

function admitClaim({ attributes, node, refuse }: Question): void {
  if (attributes.subresource !== 'status') throw refuse('may only update PVC status');
  if (attributes.operation !== 'UPDATE') throw refuse(`unexpected operation "${attributes.operation}"`);
  const rest = (object: Unstructured | undefined): Unstructured => {
    const { metadata, status, ...fields } = object as unknown as PersistentVolumeClaim & Unstructured;
    const { capacity, conditions, allocatedResources, allocatedResourceStatuses, ...others } = status ?? {};
    const { managedFields, resourceVersion, ...meta } = metadata;
    void [capacity, conditions, allocatedResources, allocatedResourceStatuses, managedFields, resourceVersion];
    return { ...fields, metadata: meta, status: others };
  };
  const [before, after] = [rest(attributes.oldObject), rest(attributes.object)];
  if (equalJson(after, before)) return;
  const difference = internalObjectDifference('PersistentVolumeClaim', before, after);
  throw refuse(
    `node "${node}" is not allowed to update fields other than status.quantity and status.conditions: ${difference}`,
  );
}

async function admitToken({ attributes, node, refuse, podOf, audienceProblem }: Question): Promise<void> {
  if (attributes.operation !== 'CREATE' || attributes.subresource !== 'token') return;
  const spec = attributes.object?.['spec'];
  const reference = isJsonObject(spec) && isJsonObject(spec['boundObjectRef']) ? spec['boundObjectRef'] : {};
  const { apiVersion, kind, name, uid } = reference as {
    apiVersion?: string;
    kind?: string;
    name?: string;
    uid?: string;
  };
  if (apiVersion !== 'v1' || kind !== 'Pod' || name === undefined || name === '') {
    throw refuse('node requested token not bound to a pod');
  }
  if (uid === undefined || uid === '') throw refuse('node requested token with a pod binding without a uid');
  const pod = await podOf(attributes.namespace, name);
  if (pod === undefined) throw notFound({ group: '', resource: 'pods' }, name);
  if (uid !== pod.metadata.uid) {
    throw refuse(
      `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`,
    );
  }
  if (pod.spec?.nodeName !== node) throw refuse('node requested token bound to a pod scheduled on a different node');
  const audiences = isJsonObject(spec) && Array.isArray(spec['audiences']) ? (spec['audiences'] as string[]) : [];
  const problem = await audienceProblem(audiences, pod, attributes);
  if (problem !== undefined) throw refuse(problem);
}

/** Updates are for the node authorizer, which knows the object's name but not what a new one says. */
function admitResourceSlice({ attributes, node, refuse }: Question): void {
  const { operation, object, oldObject } = attributes;
  if (operation !== 'CREATE' && operation !== 'DELETE') return;
  const slice = (operation === 'CREATE' ? object : oldObject) as unknown as ResourceSlice | undefined;
  if (slice?.spec.nodeName === node) return;
  const verb = operation === 'CREATE' ? 'create' : 'delete';
  throw refuse(`can only ${verb} ResourceSlice with the same NodeName as the requesting node`);
}

const nodeSigners = ['kubernetes.io/kubelet-serving', 'kubernetes.io/kube-apiserver-client-kubelet'];

async function admitCertificateRequest({ attributes, node, refuse }: Question): Promise<void> {
  if (attributes.operation !== 'CREATE') return;
  const { spec } = attributes.object as unknown as CertificateSigningRequest;
  if (!nodeSigners.includes(spec.signerName)) return;
  // The certificate code is large, and few need it.
  const { parseCertificateRequest } = await import('../../pki/certificates.ts');
  let commonName: string;
  try {
    const pem = Buffer.from(spec.request, 'base64').toString('utf8');
    const problem = certificateRequestProblem(pem);
    if (problem !== '') throw new Error(problem);
    commonName = (await parseCertificateRequest(pem)).commonName;
  } catch (error) {
    throw refuse(`unable to parse csr: ${messageOf(error)}`);
  }
  if (commonName === `system:node:${node}`) return;
  throw refuse(`can only create a node CSR with CN=system:node:${node}`);
}

function admitOwnName({ attributes, node, refuse }: Question, namespace: string, what: string): void {
  if (namespace !== '' && attributes.namespace !== namespace) {
    throw refuse(`can only access leases in the "${namespace}" system namespace`);
  }
  const name =
    attributes.operation === 'CREATE' ? (attributes.object?.metadata.name ?? attributes.name) : attributes.name;
  if (name !== node)
    throw refuse(`can only access ${what === 'lease' ? 'node lease' : what} with the same name as the requesting node`);
}
