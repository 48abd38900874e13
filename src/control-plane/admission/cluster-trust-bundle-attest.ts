import { type AdmissionContext, type AdmissionPlugin, resourceKey } from './admission-plugin.ts';
import { maySpeakFor } from './certificate-signing.ts';
import { changesOnlyCollectionFields } from './garbage-collection-fields.ts';
import { refusal } from './refusal.ts';

/** Only who may `attest` for a signer publishes its trust bundles (KEP-3257). */
export function clusterTrustBundleAttest(context: AdmissionContext): AdmissionPlugin {
  return {
    name: 'ClusterTrustBundleAttest',
    async validate(attributes) {
      const { operation, object, oldObject } = attributes;
      if (operation !== 'CREATE' && operation !== 'UPDATE') return;
      if (resourceKey(attributes) !== 'certificates.k8s.io/clustertrustbundles' || object === undefined) return;
      const { signerName = '' } = (object['spec'] ?? {}) as { signerName?: string };
      if (signerName === '') return;
      if (oldObject !== undefined && changesOnlyCollectionFields(object, oldObject)) return;
      if (await maySpeakFor(context, attributes, 'attest', signerName)) return;
      const message = `user not permitted to attest for signerName "${signerName}"`;
      throw refusal(attributes, message);
    },
  };
}
