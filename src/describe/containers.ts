import type {
  Container,
  ContainerPort,
  ContainerState,
  ContainerStatus,
  EphemeralContainer,
  Pod,
  Probe,
  VolumeDevice,
} from '../api/types/core-v1.ts';
import { goQuote } from '../apimachinery/field-error.ts';
import { canonicalQuantity } from '../apimachinery/quantity.ts';
import { describeEnvironment, describeEnvironmentSources } from './container-environment.ts';
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
  return `${number}/${port.protocol ?? ''}${name === '' ? '' : ` (${name})`}`;
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
  } else if (state?.terminated !== undefined && state.waiting === undefined) {
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

/** A URL as Go puts it together. */
function urlText(scheme: string, host: string, port: string, path: string): string {
  const address = host.includes(':') ? `[${host}]` : host;
  const place = escapedHost(port === '' ? host : `${address}:${port}`);
  const slash = path === '' || path.startsWith('/') || place === '' ? '' : '/';
  const escaped = encodeURIComponent(path)
    .replace(/%(24|26|2B|2C|2F|3A|3B|3D|40)/g, (code) => decodeURIComponent(code))
    .replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
  return `${scheme === '' ? '' : `${scheme}:`}//${place}${slash}${path === '*' ? path : escaped}`;
}

/** What no host may have, with its code; a place that is none is told all the same. */
function escapedHost(host: string): string {
  return host.replace(/[^\w.~!$&'()*+,;=:[\]<>"-]/gu, encodeURIComponent);
}

function byDevicePath(devices: readonly VolumeDevice[]): VolumeDevice[] {
  return devices.toSorted((left, right) => (left.devicePath < right.devicePath ? -1 : 1));
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
    for (const name of names) text.line(level + 1, `${name}:\t${canonicalQuantity(amounts?.[name] ?? '0')}`);
  }
}

function probeText(probe: Probe): string {
  const { initialDelaySeconds = 0, timeoutSeconds = 0, periodSeconds = 0 } = probe;
  const { successThreshold = 0, failureThreshold = 0 } = probe;
  const times = `delay=${initialDelaySeconds}s timeout=${timeoutSeconds}s period=${periodSeconds}s #success=${successThreshold} #failure=${failureThreshold}`;
  if (probe.exec !== undefined) return `exec [${(probe.exec.command ?? []).join(' ')}] ${times}`;
  if (probe.httpGet !== undefined) {
    const { scheme = '', host = '', port, path = '' } = probe.httpGet;
    return `http-get ${urlText(scheme.toLowerCase(), host, `${port}`, path)} ${times}`;
  }
  if (probe.tcpSocket !== undefined) return `tcp-socket ${probe.tcpSocket.host ?? ''}:${probe.tcpSocket.port} ${times}`;
  if (probe.grpc !== undefined) return `grpc <pod>:${probe.grpc.port} ${probe.grpc.service ?? ''} ${times}`;
  return `unknown ${times}`;
}

function describeMounts(container: AnyContainer, text: DescribeText): void {
  const mounts = container.volumeMounts ?? [];
  text.line(2, mounts.length === 0 ? 'Mounts:\t<none>' : 'Mounts:');
  const byPath = mounts.toSorted((left, right) => (left.mountPath < right.mountPath ? -1 : 1));
  for (const { mountPath, name, readOnly = false, subPath = '' } of byPath) {
    const flags = `${readOnly ? 'ro' : 'rw'}${subPath === '' ? '' : `,path=${goQuote(subPath)}`}`;
    text.line(3, `${mountPath} from ${name} (${flags})`);
  }
  const devices = container.volumeDevices ?? [];
  // Devices are said to be none where there are no mounts, in the real program too.
  if (devices.length > 0) text.line(2, mounts.length === 0 ? 'Devices:\t<none>' : 'Devices:');
  for (const { devicePath, name } of byDevicePath(devices)) text.line(3, `${devicePath} from ${name}`);
}
