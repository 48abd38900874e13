import type { Container, EphemeralContainer, PodSpec } from '../../types/core-v1.ts';

/**
 * Fields of pods that are behind feature gates which are off in 1.36: they are dropped, unless the object had them
 * before, or their gate is open.
 */
export function dropDisabledPodFields(
  spec: PodSpec,
  old: PodSpec | undefined,
  openGates: ReadonlySet<string> = new Set(),
): void {
  for (const field of disabled) {
    if (!openGates.has(field.gate) && (old === undefined || !field.isUsed(old))) field.drop(spec);
  }
}

interface DisabledField {
  readonly gate: string;
  isUsed(spec: PodSpec): boolean;
  drop(spec: PodSpec): void;
}

function containersOf(spec: PodSpec): (Container | EphemeralContainer)[] {
  return [...(spec.initContainers ?? []), ...(spec.containers ?? []), ...(spec.ephemeralContainers ?? [])];
}

/** A source of projected volumes: what is left of it when it is dropped is an empty source. */
function projectedSource(gate: string, field: 'clusterTrustBundle' | 'podCertificate'): DisabledField {
  const sourcesOf = (spec: PodSpec) => (spec.volumes ?? []).flatMap(({ projected }) => projected?.sources ?? []);
  return {
    gate,
    isUsed: (spec) => sourcesOf(spec).some((source) => source[field] !== undefined),
    drop: (spec) => sourcesOf(spec).forEach((source) => delete source[field]),
  };
}

/** ContainerStopSignals (KEP-4960). */
const stopSignals: DisabledField = {
  gate: 'ContainerStopSignals',
  isUsed: (spec) => containersOf(spec).some(({ lifecycle }) => lifecycle?.stopSignal !== undefined),
  drop(spec) {
    for (const container of containersOf(spec)) {
      const { lifecycle } = container;
      if (lifecycle?.stopSignal === undefined) continue;
      delete lifecycle.stopSignal;
      if (lifecycle.postStart === undefined && lifecycle.preStop === undefined) delete container.lifecycle;
    }
  },
};

/** GenericWorkload (KEP-4671). */
const schedulingGroup: DisabledField = {
  gate: 'GenericWorkload',
  isUsed: (spec) => spec.schedulingGroup !== undefined,
  drop: (spec) => delete spec.schedulingGroup,
};

/** Trust bundles (KEP-3257), certificates of pods (KEP-4317), and the others. */
const disabled: readonly DisabledField[] = [
  projectedSource('ClusterTrustBundleProjection', 'clusterTrustBundle'),
  projectedSource('PodCertificateRequest', 'podCertificate'),
  schedulingGroup,
  stopSignals,
];
