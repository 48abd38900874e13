import type { Pod } from '../../api/types/core-v1.ts';

/** Names of the claims that the volumes of a pod are made of, those that belong to the pod included. */
export function claimsOfPod({ metadata, spec }: Pod): string[] {
  return (spec?.volumes ?? []).flatMap(({ name, persistentVolumeClaim, ephemeral }) => {
    if (persistentVolumeClaim !== undefined) return persistentVolumeClaim.claimName;
    return ephemeral === undefined ? [] : `${metadata.name ?? ''}-${name}`;
  });
}

/** Whether a pod of the claim's namespace uses it. */
export function usesClaim(pod: Pod, claim: string): boolean {
  return claimsOfPod(pod).includes(claim);
}
