import { mutatingAdmissionPolicyBindingResource } from './admissionregistration/v1/mutating-admission-policy-binding.ts';
import { mutatingAdmissionPolicyResource } from './admissionregistration/v1/mutating-admission-policy.ts';
import { storageVersion } from './apiserverinternal/v1alpha1/storage-version.ts';
import { clusterTrustBundle } from './certificates/v1beta1/cluster-trust-bundle.ts';
import { podCertificateRequest } from './certificates/v1beta1/pod-certificate-request.ts';
import { leaseCandidate } from './coordination/v1beta1/lease-candidate.ts';
import { ipAddressResource } from './networking/v1/ip-address.ts';
import { serviceCidrResource } from './networking/v1/service-cidr.ts';
import { type OptionalResource, otherVersionOf } from './optional-resource.ts';
import { deviceClassResource } from './resource/v1/device-class.ts';
import { resourceClaimTemplateResource } from './resource/v1/resource-claim-template.ts';
import { resourceClaimResource } from './resource/v1/resource-claim.ts';
import { resourceSliceResource } from './resource/v1/resource-slice.ts';
import type { ResourceDefinition } from './resource-definition.ts';
import type { Schema } from '../apimachinery/schema.ts';
import { volumeAttributesClassResource } from './storage/v1/volume-attributes-class.ts';

/** Another version of a kind that goes away, with the warning that says when. */
function leavingVersionOf(
  one: ResourceDefinition | OptionalResource,
  version: string,
  since: string,
  until: string,
  instead = '',
  retouch: Parameters<typeof otherVersionOf>[3] = {},
): OptionalResource {
  const base = 'definition' in one ? one.definition : one;
  const own = `${base.group}/${version} ${base.kind}`;
  const use = instead === '' ? '' : `; use ${base.group}/${instead} ${base.kind}`;
  const deprecationWarning = `${own} is deprecated in ${since}+, unavailable in ${until}+${use}`;
  return otherVersionOf(one, version, { deprecationWarning }, retouch);
}

/** Which values a field may have is not said in every version. */
function withEnum(field: string, values: readonly string[] | undefined): (schema: Schema) => Schema {
  return (schema) => {
    const { enum: _values, ...property } = schema.properties?.[field] ?? {};
    const changed = values === undefined ? property : { ...property, enum: values };
    return { ...schema, properties: { ...schema.properties, [field]: changed } };
  };
}

const policiesOfBeta = {
  MatchResources: withEnum('matchPolicy', undefined),
  MutatingAdmissionPolicySpec: withEnum('failurePolicy', undefined),
};
const policiesOfAlpha = {
  ParamRef: withEnum('parameterNotFoundAction', ['Allow', 'Deny']),
  Variable: ({ mapType: _whole, ...schema }: Schema): Schema => schema,
};

/** What a real server brings by --runtime-config alone, and this one has not: GROUP/VERSION/RESOURCE. */
export const missingResources: readonly string[] = [
  'resource.k8s.io/v1alpha3/devicetaintrules',
  'resource.k8s.io/v1alpha3/resourcepoolstatusrequests',
  'resource.k8s.io/v1beta1/deviceclasses',
  'resource.k8s.io/v1beta1/resourceclaims',
  'resource.k8s.io/v1beta1/resourceclaimtemplates',
  'resource.k8s.io/v1beta1/resourceslices',
  'resource.k8s.io/v1beta2/devicetaintrules',
];

/** What --runtime-config brings, where its gate is open. */
export const optionalResources: readonly OptionalResource[] = [
  clusterTrustBundle,
  podCertificateRequest,
  leaseCandidate,
  leavingVersionOf(leaseCandidate, 'v1alpha2', 'v1.35', 'v1.38'),
  storageVersion,
  leavingVersionOf(clusterTrustBundle, 'v1alpha1', 'v1.34', 'v1.37'),
  leavingVersionOf(ipAddressResource, 'v1beta1', 'v1.34', 'v1.37'),
  leavingVersionOf(serviceCidrResource, 'v1beta1', 'v1.34', 'v1.37'),
  leavingVersionOf(volumeAttributesClassResource, 'v1beta1', 'v1.34', 'v1.37', 'v1'),
  otherVersionOf(mutatingAdmissionPolicyResource, 'v1beta1', {}, policiesOfBeta),
  otherVersionOf(mutatingAdmissionPolicyBindingResource, 'v1beta1', {}, policiesOfBeta),
  leavingVersionOf(mutatingAdmissionPolicyResource, 'v1alpha1', 'v1.35', 'v1.38', '', policiesOfAlpha),
  leavingVersionOf(mutatingAdmissionPolicyBindingResource, 'v1alpha1', 'v1.35', 'v1.38', '', policiesOfAlpha),
  leavingVersionOf(deviceClassResource, 'v1beta2', 'v1.36', 'v1.39'),
  leavingVersionOf(resourceClaimResource, 'v1beta2', 'v1.36', 'v1.39'),
  leavingVersionOf(resourceClaimTemplateResource, 'v1beta2', 'v1.36', 'v1.39'),
  leavingVersionOf(resourceSliceResource, 'v1beta2', 'v1.36', 'v1.39'),
];
