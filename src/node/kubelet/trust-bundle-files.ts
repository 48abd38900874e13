import { pemBlocks } from '../../apimachinery/pem-blocks.ts';
import type { ClusterTrustBundle } from '../../api/certificates/v1beta1/cluster-trust-bundle-strategy.ts';
import type { ClusterTrustBundleProjection } from '../../api/types/core-v1.ts';
import { messageOf } from '../../apimachinery/error-message.ts';
import { formatLabelSelector, selectorFromObject } from '../../apimachinery/labels.ts';
import { hasReason } from '../../apimachinery/status.ts';
import type { Client } from '../../client/client.ts';

const resource = { group: 'certificates.k8s.io', version: 'v1beta1', resource: 'clustertrustbundles' } as const;

/**
 * The certificates of a bundle, or of all bundles of a signer that labels select (KEP-3257): each once, in PEM; none
 * where nothing has to be there.
 * @throws Error when a bundle cannot be read, or what is not optional is not there
 */
export async function trustAnchors(client: Client, projection: ClusterTrustBundleProjection): Promise<string> {
  const { name, signerName, labelSelector, optional = false } = projection;
  const bundles = client.resource<ClusterTrustBundle>(resource);
  if (name !== undefined) {
    try {
      return normalized([await bundles.get(name)]);
    } catch (error) {
      if (optional && hasReason(error, 'NotFound')) return '';
      throw new Error(`while getting ClusterTrustBundle: ${messageOf(error)}`, { cause: error });
    }
  }
  if (signerName === undefined) {
    throw new Error('ClusterTrustBundle projection requires either name or signerName to be set');
  }
  // Without a selector nothing is selected, with an empty one everything.
  const selector = selectorFromObject(labelSelector);
  const fieldSelector = `spec.signerName=${signerName}`;
  const found =
    selector === undefined
      ? []
      : (await bundles.list({ labelSelector: formatLabelSelector(selector), fieldSelector })).items;
  if (found.length === 0 && !optional) {
    throw new Error('combination of signerName and labelSelector matched zero ClusterTrustBundles');
  }
  return normalized(found);
}

function normalized(bundles: readonly ClusterTrustBundle[]): string {
  const anchors = new Set(
    bundles.flatMap(({ spec }) =>
      pemBlocks(spec.trustBundle).map(({ bytes }) => Buffer.from(bytes).toString('base64')),
    ),
  );
  return [...anchors]
    .toSorted()
    .map((text) => `-----BEGIN CERTIFICATE-----\n${text.replaceAll(/.{1,64}/g, '$&\n')}-----END CERTIFICATE-----\n`)
    .join('');
}
