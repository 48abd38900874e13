import type { CallWebhook } from '../../client/webhook-client.ts';
import type { Random } from '../../system/random.ts';
import type { ReviewWebhook } from '../authentication/review-webhook.ts';
import type { Clock } from '../../system/clock.ts';
import type { AdmissionAudience, AdmissionStep } from './admission-observer.ts';
import type { AdmissionAttributes, AdmissionContext, AdmissionOperation, AdmissionPlugin } from './admission-plugin.ts';
import { alwaysAdmit, alwaysDeny } from './always-admit.ts';
import { alwaysPullImages } from './always-pull-images.ts';
import { certificateApproval, certificateSigning, certificateSubjectRestriction } from './certificate-signing.ts';
import { clusterTrustBundleAttest } from './cluster-trust-bundle-attest.ts';
import { pluginConfigurationError } from './configuration/admission-configuration.ts';
import { ConfigurationError } from '../../apimachinery/decoding/configuration-file.ts';
import { readImagePolicyConfiguration } from './configuration/image-policy-configuration.ts';
import { readPodNodeSelectorConfiguration } from './configuration/pod-node-selector-configuration.ts';
import { openPodSecurity, readPodSecurityConfiguration } from './configuration/pod-security-configuration.ts';
import { readPodTolerationConfiguration } from './configuration/pod-toleration-configuration.ts';
import { readLimitedResources } from './configuration/resource-quota-configuration.ts';
import { readWebhookConfiguration } from './configuration/webhook-admission-configuration.ts';
import { defaultIngressClass, defaultStorageClass } from './default-classes.ts';
import { defaultTolerationSeconds, type TolerationSeconds } from './default-toleration-seconds.ts';
import { denyServiceExternalIps } from './deny-service-external-ips.ts';
import { eventRateLimit } from './event-rate-limit.ts';
import { extendedResourceToleration } from './extended-resource-toleration.ts';
import { imagePolicyWebhook } from './image-policy-webhook.ts';
import { initializers } from './initializers.ts';
import { limitPodHardAntiAffinityTopology } from './limit-pod-hard-anti-affinity-topology.ts';
import { limitRanger } from './limit-ranger.ts';
import { mutatingAdmissionPolicy } from './mutating-admission-policy.ts';
import { mutatingAdmissionWebhook } from './mutating-admission-webhook.ts';
import { namespaceAutoProvision, namespaceExists } from './namespace-exists.ts';
import { namespaceLifecycle } from './namespace-lifecycle.ts';
import { nodeDeclaredFeatureValidator } from './node-declared-feature-validator.ts';
import { nodeRestriction } from './node-restriction.ts';
import { ownerReferencesPermissionEnforcement } from './owner-references-permission-enforcement.ts';
import { persistentVolumeClaimResize } from './persistent-volume-claim-resize.ts';
import { podNodeSelector } from './pod-node-selector.ts';
import { podResizeValidator } from './pod-resize-validator.ts';
import { podSecurity } from './pod-security.ts';
import { podTolerationRestriction } from './pod-toleration-restriction.ts';
import { podTopologyLabels } from './pod-topology-labels.ts';
import { policyParameterAccess } from './policies/parameter-access.ts';
import { type PluginStep, pluginSteps } from './plugin-steps.ts';
import { priority } from './priority.ts';
import { rbacEscalation } from './rbac-escalation.ts';
import { Reinvocation } from './reinvocation.ts';
import { resourceQuota } from './resource-quota.ts';
import { runtimeClass } from './runtime-class.ts';
import { serviceAccount } from './service-account.ts';
import { storageObjectInUseProtection } from './storage-object-in-use-protection.ts';
import { taintNodesByCondition } from './taint-nodes-by-condition.ts';
import { validatingAdmissionPolicy } from './validating-admission-policy.ts';
import { validatingAdmissionWebhook } from './validating-admission-webhook.ts';

/** Which plugins run besides or instead of the default ones, by the names of kube-apiserver's flags. */
export interface PluginSelection {
  /** --enable-admission-plugins */
  readonly enable?: readonly string[];
  /** --disable-admission-plugins; wins over the default, not over `enable`. */
  readonly disable?: readonly string[];
  /** What --admission-control-config-file says to plugins, by their names: YAML or JSON. */
  readonly configurations?: ReadonlyMap<string, string>;
  /** The server that ImagePolicyWebhook asks; it cannot run without. */
  readonly imageReviews?: ReviewWebhook;
  /** How plugins call webhooks that are known to them as somebody in particular, by the plugins' names. */
  readonly webhookCalls?: ReadonlyMap<string, CallWebhook>;
  /** How long pods stay on nodes that are lost; five minutes when absent. */
  readonly tolerationSeconds?: TolerationSeconds;
  /** Whether new objects wait for their initializers (feature gate Initializers). */
  readonly initializers?: boolean;
}

/** One place in the chain. */
interface Place {
  readonly name: string;
  readonly isDefault: boolean;
  /** @param configuration YAML or JSON. @throws Error for one that the plugin cannot use */
  make(
    context: AdmissionContext,
    random: Random,
    configuration: string | undefined,
    selection: PluginSelection,
  ): AdmissionPlugin;
}

const on = (name: string, make: Place['make']): Place => ({ name, isDefault: true, make });
const off = (name: string, make: Place['make']): Place => ({ name, isDefault: false, make });
/** On, and idle as in the real server: it acts only with an alpha feature gate that this server does not have. */
const idle = (name: string): Place => on(name, () => ({ name }));

/** Every plugin, in the order of kube-apiserver 1.36. */
const places: readonly Place[] = [
  off('AlwaysAdmit', () => alwaysAdmit),
  off('NamespaceAutoProvision', namespaceAutoProvision),
  on('NamespaceLifecycle', namespaceLifecycle),
  off('NamespaceExists', namespaceExists),
  off('LimitPodHardAntiAffinityTopology', () => limitPodHardAntiAffinityTopology),
  on('LimitRanger', limitRanger),
  on('ServiceAccount', serviceAccount),
  off('NodeRestriction', nodeRestriction),
  on('TaintNodesByCondition', () => taintNodesByCondition),
  off('AlwaysPullImages', () => alwaysPullImages),
  off('ImagePolicyWebhook', (context, _random, text, { imageReviews }) => {
    const configuration = readImagePolicyConfiguration(text);
    if (imageReviews === undefined) throw new ConfigurationError('no webhook to ask');
    return imagePolicyWebhook(context, configuration, imageReviews);
  }),
  on('PodSecurity', (context, _random, text) =>
    podSecurity(context, text === undefined ? openPodSecurity : readPodSecurityConfiguration(text)),
  ),
  off('PodNodeSelector', (context, _random, text) => podNodeSelector(context, readPodNodeSelectorConfiguration(text))),
  on('Priority', priority),
  on('DefaultTolerationSeconds', (_context, _random, _text, { tolerationSeconds }) =>
    defaultTolerationSeconds(tolerationSeconds),
  ),
  off('PodTolerationRestriction', (context, _random, text) =>
    podTolerationRestriction(context, readPodTolerationConfiguration(text)),
  ),
  off('EventRateLimit', (context, _random, text) => eventRateLimit(context, text)),
  off('ExtendedResourceToleration', () => extendedResourceToleration),
  on('DefaultStorageClass', defaultStorageClass),
  on('StorageObjectInUseProtection', () => storageObjectInUseProtection),
  idle('PodGroupProtection'), // GenericWorkload
  off('OwnerReferencesPermissionEnforcement', ownerReferencesPermissionEnforcement),
  on('PersistentVolumeClaimResize', persistentVolumeClaimResize),
  on('RuntimeClass', runtimeClass),
  on('CertificateApproval', certificateApproval),
  on('CertificateSigning', certificateSigning),
  on('ClusterTrustBundleAttest', clusterTrustBundleAttest),
  on('CertificateSubjectRestriction', () => certificateSubjectRestriction),
  on('DefaultIngressClass', defaultIngressClass),
  off('DenyServiceExternalIPs', () => denyServiceExternalIps),
  on('PodTopologyLabels', podTopologyLabels),
  idle('PodGroupWorkloadExists'), // GenericWorkload
  on('NodeDeclaredFeatureValidator', nodeDeclaredFeatureValidator),
  idle('JobValidation'), // GenericWorkload, WorkloadWithJob
  on('PodResizeValidator', podResizeValidator),
  on('MutatingAdmissionPolicy', mutatingAdmissionPolicy),
  on('MutatingAdmissionWebhook', (context, random, text, selection) => {
    readWebhookConfiguration(text);
    return mutatingAdmissionWebhook(withOwnCalls(context, 'MutatingAdmissionWebhook', selection), random);
  }),
  on('ValidatingAdmissionPolicy', validatingAdmissionPolicy),
  on('ValidatingAdmissionWebhook', (context, random, text, selection) => {
    readWebhookConfiguration(text);
    return validatingAdmissionWebhook(withOwnCalls(context, 'ValidatingAdmissionWebhook', selection), random);
  }),
  on('ResourceQuota', (context, _random, text) => resourceQuota(context, context.clock, readLimitedResources(text))),
  off('AlwaysDeny', () => alwaysDeny),
];

/** What a plugin works with that calls webhooks in its own name. */
function withOwnCalls(context: AdmissionContext, plugin: string, { webhookCalls }: PluginSelection): AdmissionContext {
  return { ...context, callWebhook: webhookCalls?.get(plugin) ?? context.callWebhook };
}

/** Initializers come after the webhooks that change objects, as in kube-apiserver 1.9 to 1.13. */
function placesWith(hasInitializers: boolean): readonly Place[] {
  if (!hasInitializers) return places;
  return places.flatMap((place) =>
    place.name === 'MutatingAdmissionWebhook' ? [place, on('Initializers', initializers)] : [place],
  );
}

/** Names of all plugins there are, in their order. */
export const admissionPluginNames: readonly string[] = places.map(({ name }) => name);

/** The same, with the one that its feature gate brings. */
export function admissionPluginNamesWith(hasInitializers: boolean): readonly string[] {
  return placesWith(hasInitializers).map(({ name }) => name);
}

/** Names of the plugins that run when nobody chooses, in their order. */
export const defaultAdmissionPluginNames: readonly string[] = places
  .filter(({ isDefault }) => isDefault)
  .map(({ name }) => name);

/**
 * The plugins of a server: those that are on by default, and what the selection changes of that.
 * @throws Error for a name that is none, and for a configuration that a plugin cannot use.
 */
export function defaultAdmissionPlugins(
  context: AdmissionContext,
  random: Random,
  selection: PluginSelection = {},
): readonly AdmissionPlugin[] {
  const { enable = [], disable = [], configurations = new Map<string, string>() } = selection;
  const present = placesWith(selection.initializers ?? false);
  for (const name of [...enable, ...disable]) {
    if (!present.some((place) => place.name === name)) throw new Error(`unknown admission plugin: ${name}`);
  }
  const chosen = present.filter(
    ({ name, isDefault }) => enable.includes(name) || (isDefault && !disable.includes(name)),
  );
  const plugins = chosen.map((place) => {
    try {
      return place.make(context, random, configurations.get(place.name), selection);
    } catch (error) {
      throw error instanceof ConfigurationError ? pluginConfigurationError(place.name, error) : error;
    }
  });
  // The checks of what roles grant and policies read are part of the server, whatever is enabled.
  return [policyParameterAccess(context), ...plugins, rbacEscalation(context)];
}

/**
 * First everything that changes, then everything that checks; the first that objects ends it. What policies have
 * changed is changed by all once more.
 */
export function admissionChain(
  plugins: readonly AdmissionPlugin[],
  audience?: AdmissionAudience,
): {
  mutate(attributes: AdmissionAttributes): Promise<void>;
  validate(attributes: AdmissionAttributes): Promise<void>;
} {
  let known = new Map<string, readonly PluginStep[]>();
  let told = audience?.observer;
  const stepsOf = (step: AdmissionStep, operation: AdmissionOperation): readonly PluginStep[] => {
    if (told !== audience?.observer) {
      told = audience?.observer;
      known = new Map();
    }
    const key = step + operation;
    let steps = known.get(key);
    if (steps === undefined) known.set(key, (steps = pluginSteps(plugins, step, operation, told)));
    return steps;
  };
  return {
    async mutate(attributes) {
      const reinvocation = new Reinvocation();
      const request = { ...attributes, reinvocation };
      const steps = stepsOf('admit', attributes.operation);
      do await runSteps(steps, request, audience?.clock);
      while (reinvocation.begin());
    },
    validate: (attributes) => runSteps(stepsOf('validate', attributes.operation), attributes, audience?.clock),
  };
}

/** Clocks are looked at only behind what had to be waited for: the rest takes no time that buckets would show. */
async function runSteps(
  steps: readonly PluginStep[],
  attributes: AdmissionAttributes,
  clock: Clock | undefined,
): Promise<void> {
  let begun = clock?.now() ?? 0;
  for (const { run, tell } of steps) {
    try {
      const pending = run?.(attributes);
      if (pending !== undefined) {
        await pending;
        const now = clock?.now() ?? 0;
        tell?.((now - begun) / 1000, false);
        begun = now;
      } else tell?.(0, false);
    } catch (error) {
      tell?.(((clock?.now() ?? 0) - begun) / 1000, true);
      throw error;
    }
  }
}
