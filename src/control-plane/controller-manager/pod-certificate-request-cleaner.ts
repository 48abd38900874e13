import type { PodCertificateRequest } from '../../api/certificates/v1beta1/pod-certificate-request-strategy.ts';
import { hasReason } from '../../apimachinery/status.ts';
import type { Controller, ControllerContext } from './controller.ts';
import { createPeriodicController } from './periodic-controller.ts';

const resource = { group: 'certificates.k8s.io', version: 'v1beta1', resource: 'podcertificaterequests' } as const;
const name = 'podcertificaterequest-cleaner-controller';
const minute = 60_000;
/** Nodes read their answers soon, or ask again. */
const keptMillis = 15 * minute;

/** Takes away requests of pods for certificates that are old, answered or not (KEP-4317). */
export function createPodCertificateRequestCleaner(context: ControllerContext): Controller {
  const requests = context.informers.informer<PodCertificateRequest>(resource);
  return createPeriodicController({
    name,
    context,
    periodMillis: 5 * minute,
    async run() {
      const before = context.clock.now() - keptMillis;
      for (const { metadata } of requests.list()) {
        if (Date.parse(metadata.creationTimestamp ?? '') > before) continue;
        try {
          const own = context.client.resource(resource, metadata.namespace);
          const preconditions = { uid: metadata.uid ?? '' };
          await own.delete(metadata.name ?? '', { preconditions });
        } catch (error) {
          if (hasReason(error, 'NotFound')) continue;
          context.log.warn(`${name}: a request could not be deleted`, { name: metadata.name, error: String(error) });
        }
      }
    },
  });
}
