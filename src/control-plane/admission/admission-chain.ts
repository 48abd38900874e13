import type { Random } from '../../system/random.ts';
import type { AdmissionAttributes, AdmissionContext, AdmissionPlugin } from './admission-plugin.ts';
import { defaultIngressClass, defaultStorageClass } from './default-classes.ts';
import { defaultTolerationSeconds } from './default-toleration-seconds.ts';
import { namespaceLifecycle } from './namespace-lifecycle.ts';
import { priority } from './priority.ts';
import { serviceAccount } from './service-account.ts';
import { storageObjectInUseProtection } from './storage-object-in-use-protection.ts';

/** The plugins that are on by default, in the order of kube-apiserver 1.36. */
export function defaultAdmissionPlugins(context: AdmissionContext, random: Random): readonly AdmissionPlugin[] {
  return [
    namespaceLifecycle(context),
    serviceAccount(context, random),
    priority(context),
    defaultTolerationSeconds,
    defaultStorageClass(context),
    storageObjectInUseProtection,
    defaultIngressClass(context),
  ];
}

/** First everything that changes, then everything that checks; the first that objects ends it. */
export function admissionChain(plugins: readonly AdmissionPlugin[]): {
  mutate(attributes: AdmissionAttributes): Promise<void>;
  validate(attributes: AdmissionAttributes): Promise<void>;
} {
  return {
    async mutate(attributes) {
      for (const plugin of plugins) await plugin.admit?.(attributes);
    },
    async validate(attributes) {
      for (const plugin of plugins) await plugin.validate?.(attributes);
    },
  };
}
