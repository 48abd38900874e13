import type { Pod } from '../../api/types/core-v1.ts';
import { messageOf } from '../../apimachinery/error-message.ts';
import { isJsonObject, type JsonObject } from '../../apimachinery/json.ts';
import { ExpiringCache } from '../authentication/expiring-cache.ts';
import type { ReviewWebhook } from '../authentication/review-webhook.ts';
import {
  type AdmissionAttributes,
  type AdmissionContext,
  type AdmissionPlugin,
  annotateFor,
  resourceKey,
} from './admission-plugin.ts';
import type { ImagePolicyConfiguration } from './configuration/image-policy-configuration.ts';
import { refusal } from './refusal.ts';

const auditPrefix = 'imagepolicywebhook.image-policy.k8s.io/';
const failedOpenKey = 'alpha.image-policy.k8s.io/failed-open';
const rememberedAnswers = 1024;

interface ReviewStatus {
  readonly allowed: boolean;
  readonly reason: string;
  readonly auditAnnotations: JsonObject;
}

/** Asks a server whether pods may run their images (imagepolicy.k8s.io/v1alpha1 ImageReview). */
export function imagePolicyWebhook(
  context: AdmissionContext,
  configuration: ImagePolicyConfiguration,
  webhook: ReviewWebhook,
): AdmissionPlugin {
  const known = new ExpiringCache<ReviewStatus>(context.clock, rememberedAnswers);
  const statusOf = async (spec: JsonObject): Promise<ReviewStatus> => {
    const key = JSON.stringify(spec);
    const remembered = known.get(key);
    if (remembered !== undefined) return remembered;
    const kind = { kind: 'ImageReview', apiVersion: 'imagepolicy.k8s.io/v1alpha1' };
    const status = readStatus(await webhook.ask({ ...kind, metadata: {}, spec, status: { allowed: false } }));
    known.set(key, status, status.allowed ? configuration.allowMillis : configuration.denyMillis);
    return status;
  };
  return {
    name: 'ImagePolicyWebhook',
    async validate(attributes) {
      const { operation, subresource } = attributes;
      if (operation !== 'CREATE' && operation !== 'UPDATE') return;
      if (resourceKey(attributes) !== 'pods' || (subresource !== '' && subresource !== 'ephemeralcontainers')) return;
      const pod = attributes.object as unknown as Pod;
      let status: ReviewStatus;
      try {
        status = await statusOf(specOf(pod, attributes));
      } catch (error) {
        if (!configuration.defaultAllow) throw refusal(attributes, messageOf(error));
        attributes.annotate?.(`${auditPrefix}failed-open`, 'true');
        pod.metadata.annotations = { ...pod.metadata.annotations, [failedOpenKey]: 'true' };
        return;
      }
      for (const [key, text] of Object.entries(status.auditAnnotations)) {
        if (typeof text === 'string') annotateFor(attributes, `${auditPrefix}${key}`, text);
      }
      if (status.allowed) return;
      const reason =
        status.reason === ''
          ? 'one or more images rejected by webhook backend'
          : `image policy webhook backend denied one or more images: ${status.reason}`;
      throw refusal(attributes, reason);
    },
  };
}

function specOf({ metadata, spec }: Pod, { namespace, subresource }: AdmissionAttributes): JsonObject {
  const containers =
    subresource === ''
      ? [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])]
      : (spec?.ephemeralContainers ?? []);
  const annotations = Object.fromEntries(
    Object.entries(metadata.annotations ?? {}).filter(([key]) => key.includes('.image-policy.k8s.io/')),
  );
  return {
    ...(containers.length === 0 ? {} : { containers: containers.map(({ image }) => (image ? { image } : {})) }),
    ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
    ...(namespace === '' ? {} : { namespace }),
  };
}

/** @throws Error for a status that is none */
function readStatus(answer: JsonObject): ReviewStatus {
  const status = answer['status'] ?? {};
  const { allowed = false, reason = '', auditAnnotations = {} } = isJsonObject(status) ? status : {};
  if (
    !isJsonObject(status) ||
    typeof allowed !== 'boolean' ||
    typeof reason !== 'string' ||
    !isJsonObject(auditAnnotations)
  ) {
    throw new Error('the status of the ImageReview cannot be read');
  }
  return { allowed, reason, auditAnnotations };
}
