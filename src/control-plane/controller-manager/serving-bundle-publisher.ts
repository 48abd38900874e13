import { createHash } from 'node:crypto';
import type { ClusterTrustBundle } from '../../api/certificates/v1beta1/cluster-trust-bundle-strategy.ts';
import { hasReason } from '../../apimachinery/status.ts';
import type { Controller, ControllerContext } from './controller.ts';
import { createKeyedController } from './keyed-controller.ts';

const resource = { group: 'certificates.k8s.io', version: 'v1beta1', resource: 'clustertrustbundles' } as const;
const signerName = 'kubernetes.io/kube-apiserver-serving';

/** Publishes who the API server's certificate comes from as the one bundle of its signer (KEP-3257). */
export function createServingBundlePublisher(context: ControllerContext): Controller {
  const bundles = context.informers.informer<ClusterTrustBundle>(resource);
  const own = context.client.resource<ClusterTrustBundle>(resource);
  const trustBundle = context.authority.certificate;
  const hash = createHash('sha256').update(trustBundle).digest('hex').slice(0, 24);
  const name = `${signerName.replace('/', ':')}:${hash}`;
  return createKeyedController({
    name: 'kube-apiserver-serving-clustertrustbundle-publisher-controller',
    context,
    register(queue) {
      const look = ({ spec }: ClusterTrustBundle): void => {
        if (spec.signerName === signerName) queue.add(signerName);
      };
      bundles.addHandler({ added: look, updated: look, deleted: look });
      queue.add(signerName);
    },
    async sync() {
      const current = bundles.get('', name);
      if (current === undefined) {
        const spec = { signerName, trustBundle };
        const bundle = {
          apiVersion: 'certificates.k8s.io/v1beta1',
          kind: 'ClusterTrustBundle',
          metadata: { name },
          spec,
        };
        // It may be there already, only not known yet.
        await own.create(bundle).catch((error: unknown) => {
          if (!hasReason(error, 'AlreadyExists')) throw error;
        });
      } else if (current.spec.trustBundle !== trustBundle) {
        await own.update({ ...current, spec: { ...current.spec, trustBundle } });
      }
      for (const { metadata, spec } of bundles.list()) {
        if (spec.signerName !== signerName || metadata.name === name) continue;
        await own.delete(metadata.name ?? '').catch((error: unknown) => {
          if (!hasReason(error, 'NotFound')) throw error;
        });
      }
    },
  });
}
