import type {
  Container,
  ContainerPort,
  ContainerState,
  ContainerStatus,
  EnvVar,
  EphemeralContainer,
  Pod,
  Probe,
} from '../api/types/core-v1.ts';
import { type DescribeText, longTime, titleBool } from './describe-text.ts';

type AnyContainer = Container | EphemeralContainer;

/**
 * The part `Containers:`. @param inTemplate whether they stand in a pod template, a step further in
 * @param pod whose fields environment variables may show; absent for templates
 */
export function describeContainers(
  label: string,
  containers: readonly AnyContainer[],
  statuses: readonly ContainerStatus[],
  text: DescribeText,
  options: { readonly inTemplate: boolean; readonly pod?: Pod },
): void {
  const space = options.inTemplate ? '  ' : '';
  text.line(0, containers.length === 0 ? `${space}${label}: <none>` : `${space}${label}:`);
  for (const container of containers) {
    const status = statuses.find(({ name }) => name === container.name);
    text.line(1, `${options.inTemplate ? ' ' : ''}${container.name}:`);
    describeBasics(container, status, text);
    describeWords('Command', container.command, text);
    describeWords('Args', container.args, text);
    if (status !== undefined) describeStatus(status, text);
    describeResources(container.resources, text);
    if (container.livenessProbe !== undefined) text.line(2, `Liveness:\t${probeText(container.livenessProbe)}`);
    if (container.readinessProbe !== undefined) text.line(2, `Readiness:\t${probeText(container.readinessProbe)}`);
    if (container.startupProbe !== undefined) text.line(2, `Startup:\t${probeText(container.startupProbe)}`);
    describeEnvironmentSources(container, text);
    describeEnvironment(container, text, options.pod);
    describeMounts(container, text);
  }
}

function describeBasics(container: AnyContainer, status: ContainerStatus | undefined, text: DescribeText): void {
  if (status !== undefined) text.line(2, `Container ID:\t${status.containerID ?? ''}`);
  text.line(2, `Image:\t${container.image ?? ''}`);
  if (status !== undefined) text.line(2, `Image ID:\t${status.imageID}`);
  const ports = container.ports ?? [];
  const write = (title: string, value: string): void =>
    text.line(2, value.includes(',') ? `${title}s:\t${value}` : `${title}:\t${value === '' ? '<none>' : value}`);
  write('Port', ports.map((port) => portText(port, port.containerPort)).join(', '));
  write('Host Port', ports.map((port) => portText(port, port.hostPort ?? 0)).join(', '));
  const profile = container.securityContext?.seccompProfile;
  if (profile === undefined) return;
  text.line(2, `SeccompProfile:\t${profile.type}`);
  if (profile.type === 'Localhost') text.line(3, `LocalhostProfile:\t${profile.localhostProfile ?? ''}`);
}

function portText(port: ContainerPort, number: number): string {
  const name = port.name ?? '';
  return `${number}/${port.protocol ?? 'TCP'}${name === '' ? '' : ` (${name})`}`;
}

function describeWords(title: string, words: readonly string[] | undefined, text: DescribeText): void {
  if (words === undefined || words.length === 0) return;
  text.line(2, `${title}:`);
  for (const word of words) for (const line of word.split('\n')) text.line(3, line);
}

function describeStatus(status: ContainerStatus, text: DescribeText): void {
  describeState('State', status.state, text);
  if (status.lastState?.terminated !== undefined) describeState('Last State', status.lastState, text);
  text.line(2, `Ready:\t${titleBool(status.ready)}`);
  text.line(2, `Restart Count:\t${status.restartCount}`);
}

function describeState(title: string, state: ContainerState | undefined, text: DescribeText): void {
  if (state?.running !== undefined) {
    text.line(2, `${title}:\tRunning`);
    text.line(3, `Started:\t${longTime(state.running.startedAt)}`);
  } else if (state?.terminated !== undefined) {
    const { reason = '', message = '', exitCode, signal = 0, startedAt, finishedAt } = state.terminated;
    text.line(2, `${title}:\tTerminated`);
    if (reason !== '') text.line(3, `Reason:\t${reason}`);
    if (message !== '') text.line(3, `Message:\t${message}`);
    text.line(3, `Exit Code:\t${exitCode}`);
    if (signal > 0) text.line(3, `Signal:\t${signal}`);
    text.line(3, `Started:\t${longTime(startedAt)}`);
    text.line(3, `Finished:\t${longTime(finishedAt)}`);
  } else {
    text.line(2, `${title}:\tWaiting`);
    const reason = state?.waiting?.reason ?? '';
    if (reason !== '') text.line(3, `Reason:\t${reason}`);
  }
}

/** `Limits:` and `Requests:` of a container or a pod. */
export function describeResources(
  resources: { readonly limits?: Record<string, string>; readonly requests?: Record<string, string> } | undefined,
  text: DescribeText,
  level = 2,
): void {
  for (const [title, amounts] of [
    ['Limits', resources?.limits],
    ['Requests', resources?.requests],
  ] as const) {
    const names = Object.keys(amounts ?? {}).toSorted();
    if (names.length > 0) text.line(level, `${title}:`);
    for (const name of names) text.line(level + 1, `${name}:\t${amounts?.[name] ?? ''}`);
  }
}

function probeText(probe: Probe): string {
  const { initialDelaySeconds = 0, timeoutSeconds = 0, periodSeconds = 0 } = probe;
  const { successThreshold = 0, failureThreshold = 0 } = probe;
  const times = `delay=${initialDelaySeconds}s timeout=${timeoutSeconds}s period=${periodSeconds}s #success=${successThreshold} #failure=${failureThreshold}`;
  if (probe.exec !== undefined) return `exec [${(probe.exec.command ?? []).join(' ')}] ${times}`;
  if (probe.httpGet !== undefined) {
    const { scheme = 'HTTP', host = '', port, path = '' } = probe.httpGet;
    const slash = path === '' || path.startsWith('/') ? '' : '/';
    return `http-get ${scheme.toLowerCase()}://${host}:${port}${slash}${path} ${times}`;
  }
  if (probe.tcpSocket !== undefined) return `tcp-socket ${probe.tcpSocket.host ?? ''}:${probe.tcpSocket.port} ${times}`;
  if (probe.grpc !== undefined) return `grpc <pod>:${probe.grpc.port} ${probe.grpc.service ?? ''} ${times}`;
  return `unknown ${times}`;
}

function describeEnvironmentSources(container: AnyContainer, text: DescribeText): void {
  const sources = container.envFrom ?? [];
  if (sources.length > 0) text.line(2, 'Environment Variables from:');
  for (const { configMapRef, secretRef, prefix = '' } of sources) {
    const [from, reference] = configMapRef === undefined ? ['Secret', secretRef] : ['ConfigMap', configMapRef];
    const withPrefix = prefix === '' ? '' : ` with prefix '${prefix}'`;
    text.line(3, `${reference?.name ?? ''}\t${from}${withPrefix}\tOptional: ${reference?.optional ?? false}`);
  }
}

function describeEnvironment(container: AnyContainer, text: DescribeText, pod: Pod | undefined): void {
  const variables = container.env ?? [];
  text.line(2, variables.length === 0 ? 'Environment:\t<none>' : 'Environment:');
  for (const variable of variables) {
    if (variable.valueFrom === undefined) {
      const [first = '', ...rest] = (variable.value ?? '').split('\n');
      text.line(3, `${variable.name}:\t${first}`);
      for (const line of rest) text.line(3, `\t${line}`);
      continue;
    }
    for (const line of sourceLines(variable, container, pod)) text.line(3, line);
  }
}

function sourceLines(variable: EnvVar, container: AnyContainer, pod: Pod | undefined): string[] {
  const { fieldRef, resourceFieldRef, secretKeyRef, configMapKeyRef } = variable.valueFrom ?? {};
  if (fieldRef !== undefined) {
    const value = pod === undefined ? '' : podField(pod, fieldRef.fieldPath);
    return [`${variable.name}:\t${value} (${fieldRef.apiVersion ?? 'v1'}:${fieldRef.fieldPath})`];
  }
  if (resourceFieldRef !== undefined) {
    const value = resourceValue(container, resourceFieldRef.resource);
    return [`${variable.name}:\t${value} (${resourceFieldRef.resource})`];
  }
  if (secretKeyRef !== undefined) {
    const { key, name = '', optional = false } = secretKeyRef;
    return [`${variable.name}:\t<set to the key '${key}' in secret '${name}'>\tOptional: ${optional}`];
  }
  if (configMapKeyRef !== undefined) {
    const { key, name = '', optional = false } = configMapKeyRef;
    return [`${variable.name}:\t<set to the key '${key}' of config map '${name}'>\tOptional: ${optional}`];
  }
  return [];
}

function podField(pod: Pod, path: string): string {
  const { metadata, spec, status } = pod;
  const subscript = /^metadata\.(labels|annotations)\['(.*)'\]$/.exec(path);
  if (subscript !== null) {
    const map = subscript[1] === 'labels' ? metadata?.labels : metadata?.annotations;
    return map?.[subscript[2] ?? ''] ?? '';
  }
  switch (path) {
    case 'metadata.name':
      return metadata?.name ?? '';
    case 'metadata.namespace':
      return metadata?.namespace ?? '';
    case 'metadata.uid':
      return metadata?.uid ?? '';
    case 'spec.nodeName':
      return spec?.nodeName ?? '';
    case 'spec.serviceAccountName':
      return spec?.serviceAccountName ?? '';
    case 'status.hostIP':
      return status?.hostIP ?? '';
    case 'status.podIP':
      return status?.podIP ?? '';
    default:
      return '';
  }
}

function resourceValue(container: AnyContainer, resource: string): string {
  const [kind = '', ...rest] = resource.split('.');
  const name = rest.join('.');
  const amounts = kind === 'limits' ? container.resources?.limits : container.resources?.requests;
  return amounts?.[name] ?? (kind === 'limits' ? 'node allocatable' : '0');
}

function describeMounts(container: AnyContainer, text: DescribeText): void {
  const mounts = container.volumeMounts ?? [];
  text.line(2, mounts.length === 0 ? 'Mounts:\t<none>' : 'Mounts:');
  const byPath = mounts.toSorted((left, right) => (left.mountPath < right.mountPath ? -1 : 1));
  for (const { mountPath, name, readOnly = false, subPath = '' } of byPath) {
    const flags = `${readOnly ? 'ro' : 'rw'}${subPath === '' ? '' : `,path=${JSON.stringify(subPath)}`}`;
    text.line(3, `${mountPath} from ${name} (${flags})`);
  }
  const devices = container.volumeDevices ?? [];
  if (devices.length > 0) text.line(2, 'Devices:');
  for (const { devicePath, name } of devices) text.line(3, `${devicePath} from ${name}`);
}
