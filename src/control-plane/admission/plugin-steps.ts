import type { AdmissionObserver, AdmissionStep, TellTime } from './admission-observer.ts';
import type { AdmissionAttributes, AdmissionOperation, AdmissionPlugin } from './admission-plugin.ts';

/** The operations that plugins of kube-apiserver 1.36 handle by their first letters, X for CONNECT: `admit/validate`. */
const handled: Readonly<Record<string, string>> = {
  AlwaysAdmit: 'CUDX/CUDX',
  NamespaceAutoProvision: 'C/',
  NamespaceLifecycle: 'CUD/',
  NamespaceExists: '/CUD',
  LimitPodHardAntiAffinityTopology: '/CU',
  LimitRanger: 'CU/CU',
  ServiceAccount: 'CU/CU',
  NodeRestriction: 'CUD/',
  TaintNodesByCondition: 'C/',
  AlwaysPullImages: 'CU/CU',
  ImagePolicyWebhook: '/CU',
  PodSecurity: '/CU',
  PodNodeSelector: 'C/C',
  Priority: 'CUD/CUD',
  DefaultTolerationSeconds: 'CU/',
  PodTolerationRestriction: 'CU/CU',
  EventRateLimit: '/CU',
  ExtendedResourceToleration: 'CU/',
  DefaultStorageClass: 'C/',
  StorageObjectInUseProtection: 'C/',
  PodGroupProtection: 'C/',
  OwnerReferencesPermissionEnforcement: '/CU',
  PersistentVolumeClaimResize: '/U',
  RuntimeClass: 'C/C',
  CertificateApproval: '/U',
  CertificateSigning: '/U',
  ClusterTrustBundleAttest: '/CU',
  CertificateSubjectRestriction: '/C',
  DefaultIngressClass: 'C/',
  DenyServiceExternalIPs: '/CU',
  PodTopologyLabels: 'C/',
  PodGroupWorkloadExists: '/C',
  NodeDeclaredFeatureValidator: '/U',
  JobValidation: '/U',
  PodResizeValidator: '/U',
  MutatingAdmissionPolicy: 'CUX/',
  MutatingAdmissionWebhook: 'CUDX/',
  ValidatingAdmissionPolicy: '/CUDX',
  ValidatingAdmissionWebhook: '/CUDX',
  ResourceQuota: '/CU',
  AlwaysDeny: 'CUDX/CUDX',
};

const letters: Readonly<Record<AdmissionOperation, string>> = { CREATE: 'C', UPDATE: 'U', DELETE: 'D', CONNECT: 'X' };

/** A plugin's part in a step; it may be only counted, where the real one looks and does nothing. */
export interface PluginStep {
  readonly run: ((attributes: AdmissionAttributes) => Promise<void> | void) | undefined;
  readonly tell: TellTime | undefined;
}

/** What plugins do in a step for an operation. Plugins of our own have no names there, and are asked about everything. */
export function pluginSteps(
  plugins: readonly AdmissionPlugin[],
  step: AdmissionStep,
  operation: AdmissionOperation,
  observer: AdmissionObserver | undefined,
): readonly PluginStep[] {
  return plugins.flatMap((plugin): PluginStep[] => {
    const run = plugin[step]?.bind(plugin);
    const known = handled[plugin.name];
    if (known === undefined) return run === undefined ? [] : [{ run, tell: undefined }];
    const [admit = '', validate = ''] = known.split('/');
    if (!(step === 'admit' ? admit : validate).includes(letters[operation])) return [];
    const tell = observer?.plugin(plugin.name, step, operation);
    return run === undefined && tell === undefined ? [] : [{ run, tell }];
  });
}
