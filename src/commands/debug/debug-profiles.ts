import type { Container, EphemeralContainer, Pod, SecurityContext } from '../../api/types/core-v1.ts';

/** How something is debugged: in the pod itself, in a copy of it, or in a pod on a node. */
export type DebugStyle = 'ephemeral' | 'copy' | 'node';

/** What of a pod its copy keeps. */
export interface KeptParts {
  readonly labels: boolean;
  readonly annotations: boolean;
  readonly liveness: boolean;
  readonly readiness: boolean;
  readonly startup: boolean;
  readonly initContainers: boolean;
}

type AnyContainer = Container | EphemeralContainer;
type Profile = (pod: Pod, container: AnyContainer, style: DebugStyle, kept: KeptParts) => void;

/** The built-in profiles (KEP-1441): each changes the pod, and the container in it that is for debugging. */
export const debugProfiles: Readonly<Record<string, Profile>> = {
  legacy(pod, container, style) {
    if (style === 'copy') delete pod.metadata.labels;
    if (style !== 'node') return;
    mountHost(pod, container);
    useHostNamespaces(pod);
  },
  general(pod, container, style, kept) {
    if (style === 'node') {
      mountHost(pod, container);
      delete container.securityContext;
      useHostNamespaces(pod);
      return;
    }
    if (style === 'copy') reduceCopy(pod, kept);
    addCapabilities(container, ['SYS_PTRACE']);
    if (style === 'copy') shareProcesses(pod);
  },
  baseline(pod, container, style, kept) {
    delete container.securityContext;
    if (style === 'copy') reduceCopy(pod, kept, true);
  },
  restricted(pod, container, style, kept) {
    container.securityContext = {
      runAsNonRoot: true,
      capabilities: { drop: ['ALL'] },
      allowPrivilegeEscalation: false,
      seccompProfile: { type: 'RuntimeDefault' },
    };
    if (style === 'copy') reduceCopy(pod, kept, true);
  },
  netadmin(pod, container, style, kept) {
    addCapabilities(container, ['NET_ADMIN', 'NET_RAW']);
    if (style === 'node') useHostNamespaces(pod);
    if (style === 'copy') reduceCopy(pod, kept, true);
  },
  sysadmin(pod, container, style, kept) {
    container.securityContext = { ...container.securityContext, privileged: true };
    if (style === 'node') {
      useHostNamespaces(pod);
      mountHost(pod, container);
    }
    if (style === 'copy') reduceCopy(pod, kept, true);
  },
};

const hostVolume = 'host-root';

/** The node's file system, at /host. */
function mountHost({ spec }: Pod, container: AnyContainer): void {
  if (spec === undefined) return;
  spec.volumes = [...(spec.volumes ?? []), { name: hostVolume, hostPath: { path: '/' } }];
  container.volumeMounts = [...(container.volumeMounts ?? []), { mountPath: '/host', name: hostVolume }];
}

function useHostNamespaces({ spec }: Pod): void {
  if (spec !== undefined) Object.assign(spec, { hostNetwork: true, hostPID: true, hostIPC: true });
}

function shareProcesses({ spec }: Pod): void {
  if (spec !== undefined) spec.shareProcessNamespace ??= true;
}

function addCapabilities(container: AnyContainer, names: readonly string[]): void {
  const context: SecurityContext = container.securityContext ?? {};
  const add = [...(context.capabilities?.add ?? []), ...names];
  container.securityContext = { ...context, capabilities: { ...context.capabilities, add } };
}

/** Takes out of a copy what would make others take it for the pod, or keep it from being looked at. */
function reduceCopy(pod: Pod, kept: KeptParts, sharesProcesses = false): void {
  const { metadata, spec } = pod;
  if (!kept.labels) delete metadata.labels;
  if (!kept.annotations) delete metadata.annotations;
  for (const container of spec?.containers ?? []) {
    if (!kept.liveness) delete container.livenessProbe;
    if (!kept.readiness) delete container.readinessProbe;
    if (!kept.startup) delete container.startupProbe;
  }
  if (!kept.initContainers && spec !== undefined) delete spec.initContainers;
  if (sharesProcesses) shareProcesses(pod);
}
