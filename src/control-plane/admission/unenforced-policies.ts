import type { KubeObject } from '../../apimachinery/object-meta.ts';
import type { Logger } from '../../system/logger.ts';
import type { AdmissionContext } from './admission-plugin.ts';

const resources = ['mutatingwebhookconfigurations', 'validatingwebhookconfigurations'] as const;

/** Says once for each kind that such an object exists and that this server does not act on it yet. */
export function reportUnenforcedPolicies(context: AdmissionContext, log: Logger): void {
  for (const resource of resources) {
    let isReported = false;
    context.informer<KubeObject>({ group: 'admissionregistration.k8s.io', version: 'v1', resource }).addHandler({
      added({ metadata }) {
        if (isReported) return;
        isReported = true;
        log.warn('this server stores such objects but does not enforce them yet', { resource, name: metadata.name });
      },
    });
  }
}
