import type { Pod, Toleration } from '../../api/types/core-v1.ts';
import { type AdmissionPlugin, resourceKey } from './admission-plugin.ts';

/** How long pods stay on a node that is not ready, or cannot be reached. */
export interface TolerationSeconds {
  readonly notReady: number;
  readonly unreachable: number;
}

const fiveMinutes: TolerationSeconds = { notReady: 300, unreachable: 300 };

/** Pods stay five minutes on a node that is not ready, unless they or the server's flags say otherwise. */
export const defaultTolerationSeconds = (seconds: TolerationSeconds = fiveMinutes): AdmissionPlugin => ({
  name: 'DefaultTolerationSeconds',
  admit(attributes) {
    if (resourceKey(attributes) !== 'pods' || attributes.subresource !== '') return;
    if (attributes.operation !== 'CREATE' && attributes.operation !== 'UPDATE') return;
    const { spec } = attributes.object as unknown as Pod;
    if (spec === undefined) return;
    const covers = (toleration: Toleration, key: string): boolean =>
      ((toleration.key ?? '') === key || (toleration.key ?? '') === '') &&
      ((toleration.effect ?? '') === '' || toleration.effect === 'NoExecute');
    const conditions = [
      ['node.kubernetes.io/not-ready', seconds.notReady],
      ['node.kubernetes.io/unreachable', seconds.unreachable],
    ] as const;
    for (const [key, tolerationSeconds] of conditions) {
      if ((spec.tolerations ?? []).some((toleration) => covers(toleration, key))) continue;
      spec.tolerations = [
        ...(spec.tolerations ?? []),
        { key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds },
      ];
    }
  },
});
