import type { PodCertificateRequest } from '../../api/certificates/v1beta1/pod-certificate-request-strategy.ts';
import type { Node, Pod, ServiceAccount } from '../../api/types/core-v1.ts';
import { StatusError } from '../../apimachinery/status.ts';
import type { AdmissionAttributes, AdmissionContext } from './admission-plugin.ts';
import { getWithFallback } from './cluster-reader.ts';
import { refusal } from './refusal.ts';

const core = (resource: string) => ({ group: '', version: 'v1', resource }) as const;
const mirrorAnnotation = 'kubernetes.io/config.mirror';

/**
 * A node asks for certificates of pods that run on it and for nobody else, and names pod, account and itself as they are
 * (KEP-4317). What may only be not known yet is no refusal: it may be asked again.
 */
export function nodePodCertificates(
  context: AdmissionContext,
): (attributes: AdmissionAttributes, node: string) => Promise<void> {
  const nodeOf = getWithFallback<Node>(context, core('nodes'));
  const podOf = getWithFallback<Pod>(context, core('pods'));
  const accountOf = getWithFallback<ServiceAccount>(context, core('serviceaccounts'));
  return async (attributes, node) => {
    const { operation, subresource, namespace } = attributes;
    const refuse = (text: string): Error => refusal(attributes, text);
    if (operation !== 'CREATE') throw refuse(`unexpected operation ${operation}`);
    if (subresource !== '') throw refuse(`unexpected subresource ${subresource}`);
    const { spec } = attributes.object as unknown as PodCertificateRequest;
    if (spec.nodeName !== node) {
      throw refuse(
        `PodCertificateRequest.Spec.NodeName="${spec.nodeName}", which is not the requesting node "${node}"`,
      );
    }
    const nodeUid = (await nodeOf('', spec.nodeName))?.metadata.uid;
    if (nodeUid === undefined) throw absent('node', spec.nodeName, spec.nodeName);
    const podName = `${namespace}/${spec.podName}`;
    const about = `PodCertificateRequest for pod "${podName}"`;
    if (nodeUid !== spec.nodeUID) {
      throw again(`${about} names node UID "${spec.nodeUID}", inconsistent with the running node ("${nodeUid}")`);
    }
    const pod = await podOf(namespace, spec.podName);
    if (pod === undefined) throw absent('pod', podName, spec.podName);
    const { uid = '', annotations = {} } = pod.metadata;
    if (spec.podUID !== uid) {
      throw again(`${about} contains pod UID ("${spec.podUID}") which differs from running pod "${uid}"`);
    }
    if (pod.spec?.nodeName !== spec.nodeName) {
      throw refuse(`pod "${podName}" is not running on node "${spec.nodeName}" named in the PodCertificateRequest`);
    }
    if (annotations[mirrorAnnotation] !== undefined) throw refuse(`pod "${podName}" is a mirror pod`);
    const account = pod.spec.serviceAccountName ?? '';
    if (spec.serviceAccountName !== account) {
      const named = `contains serviceAccountName ("${spec.serviceAccountName}")`;
      throw refuse(`${about} ${named} that differs from running pod ("${account}")`);
    }
    const accountUid = (await accountOf(namespace, spec.serviceAccountName))?.metadata.uid;
    if (accountUid === undefined) {
      throw absent('service account', `${namespace}/${spec.serviceAccountName}`, spec.serviceAccountName);
    }
    if (spec.serviceAccountUID !== accountUid) {
      const named = `names service account UID "${spec.serviceAccountUID}"`;
      throw again(`${about} ${named}, which differs from the running service account ("${accountUid}")`);
    }
  };
}

function again(message: string): StatusError {
  return new StatusError({ message, code: 500 });
}

/** As the real server's listers say that something is not there. */
function absent(what: string, shown: string, name: string): StatusError {
  const found = `${what.replace(' ', '')} "${name}" not found`;
  return again(`while retrieving ${what} "${shown}" named in the PodCertificateRequest: ${found}`);
}
