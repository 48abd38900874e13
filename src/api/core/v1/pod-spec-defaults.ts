import type {
  Container,
  Lifecycle,
  ObjectFieldSelector,
  PodSpec,
  PodTemplateSpec,
  Probe,
  ResourceFieldSelector,
  Volume,
} from '../../types/core-v1.ts';

const fileMode = 0o644;

/** Fills in what the defaulting of core/v1 gives a pod's spec. */
export function setPodSpecDefaults(spec: PodSpec): void {
  if ((spec.dnsPolicy ?? '') === '') spec.dnsPolicy = 'ClusterFirst';
  if ((spec.restartPolicy ?? '') === '') spec.restartPolicy = 'Always';
  spec.securityContext ??= {};
  spec.terminationGracePeriodSeconds ??= 30;
  if ((spec.schedulerName ?? '') === '') spec.schedulerName = 'default-scheduler';
  setServiceAccount(spec);
  for (const volume of spec.volumes ?? []) setVolumeDefaults(volume);
  for (const container of spec.initContainers ?? []) setContainerDefaults(container);
  for (const container of spec.containers ?? []) setContainerDefaults(container);
  for (const container of spec.ephemeralContainers ?? []) setContainerDefaults(container);
}

/** The same for a template. */
export function setPodTemplateDefaults(template: PodTemplateSpec | undefined): void {
  if (template?.spec !== undefined) setPodSpecDefaults(template.spec);
}

/** The account goes by an old name too: the new one wins, and both are shown. */
function setServiceAccount(spec: PodSpec): void {
  const name = spec.serviceAccountName || spec.serviceAccount || '';
  if (name === '') return;
  spec.serviceAccountName = name;
  spec.serviceAccount = name;
}

/** On the host's network ports are those of the host; templates do not say so. */
export function setHostPorts(spec: PodSpec): void {
  for (const container of [...(spec.containers ?? []), ...(spec.initContainers ?? [])]) {
    for (const port of container.ports ?? []) {
      if (port.hostPort === undefined || port.hostPort === 0) port.hostPort = port.containerPort;
    }
  }
}

function setContainerDefaults(container: Container): void {
  if ((container.imagePullPolicy ?? '') === '') {
    container.imagePullPolicy = isLatest(container.image ?? '') ? 'Always' : 'IfNotPresent';
  }
  if ((container.terminationMessagePath ?? '') === '') container.terminationMessagePath = '/dev/termination-log';
  if ((container.terminationMessagePolicy ?? '') === '') container.terminationMessagePolicy = 'File';
  for (const port of container.ports ?? []) if ((port.protocol ?? '') === '') port.protocol = 'TCP';
  for (const entry of container.env ?? []) setRefDefaults(entry.valueFrom);
  for (const probe of [container.livenessProbe, container.readinessProbe, container.startupProbe]) {
    if (probe !== undefined) setProbeDefaults(probe);
  }
  if (container.lifecycle !== undefined) setLifecycleDefaults(container.lifecycle);
}

/** What can be the name of an image: what cannot has no tag either, and is pulled when it is not there. */
const imageName =
  /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::\d+)?\/)?[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*(?::[\w][\w.-]{0,127})?$/;

const maxRepositoryLength = 255;

/** How long the name of a repository is with its tag, without its registry; the usual one has its own in `library`. */
function repositoryLength(image: string): number {
  const [first = '', ...rest] = image.split('/');
  if (rest.length === 0) return image.length + 'library/'.length;
  const isRegistry = /[.:A-Z]/.test(first) || first === 'localhost';
  return isRegistry ? rest.join('/').length : image.length;
}

/** An image without a tag, or with the tag `latest`, and without a digest. */
function isLatest(image: string): boolean {
  // A name that could be an identifier is none.
  if (image.includes('@') || !imageName.test(image) || /^[0-9a-f]{64}$/.test(image)) return false;
  const name = image.slice(image.lastIndexOf('/') + 1);
  const colon = name.indexOf(':');
  if (repositoryLength(image) - (colon < 0 ? 0 : name.length - colon) > maxRepositoryLength) return false;
  return colon < 0 || name.slice(colon + 1) === 'latest';
}

function setProbeDefaults(probe: Probe): void {
  probe.timeoutSeconds ||= 1;
  probe.periodSeconds ||= 10;
  probe.successThreshold ||= 1;
  probe.failureThreshold ||= 3;
  if (probe.httpGet !== undefined) setHttpGetDefaults(probe.httpGet);
  if (probe.grpc !== undefined) probe.grpc.service ??= '';
}

function setHttpGetDefaults(action: { path?: string; scheme?: string }): void {
  if ((action.path ?? '') === '') action.path = '/';
  if ((action.scheme ?? '') === '') action.scheme = 'HTTP';
}

function setLifecycleDefaults(lifecycle: Lifecycle): void {
  if (lifecycle.postStart?.httpGet !== undefined) setHttpGetDefaults(lifecycle.postStart.httpGet);
  if (lifecycle.preStop?.httpGet !== undefined) setHttpGetDefaults(lifecycle.preStop.httpGet);
}

/** What a variable or a file shows of the pod: its fields in v1, amounts undivided. */
function setRefDefaults(source: RefSource | undefined): void {
  const { fieldRef, resourceFieldRef } = source ?? {};
  if (fieldRef !== undefined && (fieldRef.apiVersion ?? '') === '') fieldRef.apiVersion = 'v1';
  if (resourceFieldRef !== undefined) resourceFieldRef.divisor ??= '0';
}

interface RefSource {
  readonly fieldRef?: ObjectFieldSelector;
  readonly resourceFieldRef?: ResourceFieldSelector;
}

function setVolumeDefaults(volume: Volume): void {
  const { name: _name, ...sources } = volume;
  if (Object.values(sources).every((source) => source === undefined)) volume.emptyDir = {};
  if (volume.secret !== undefined) volume.secret.defaultMode ??= fileMode;
  if (volume.configMap !== undefined) volume.configMap.defaultMode ??= fileMode;
  if (volume.downwardAPI !== undefined) {
    volume.downwardAPI.defaultMode ??= fileMode;
    for (const item of volume.downwardAPI.items ?? []) setRefDefaults(item);
  }
  if (volume.projected !== undefined) {
    volume.projected.defaultMode ??= fileMode;
    for (const source of volume.projected.sources ?? []) {
      if (source.serviceAccountToken !== undefined) source.serviceAccountToken.expirationSeconds ??= 3600;
      for (const item of source.downwardAPI?.items ?? []) setRefDefaults(item);
    }
  }
  if (volume.hostPath !== undefined) volume.hostPath.type ??= '';
  const claim = volume.ephemeral?.volumeClaimTemplate?.spec;
  if (claim !== undefined) claim.volumeMode ??= 'Filesystem';
  if (volume.image !== undefined && (volume.image.pullPolicy ?? '') === '') {
    volume.image.pullPolicy = isLatest(volume.image.reference ?? '') ? 'Always' : 'IfNotPresent';
  }
}
