import type { Container, LifecycleHandler, Pod, PodSpec, Probe, SecurityContext } from '../../api/types/core-v1.ts';

export type PodSecurityLevel = 'privileged' | 'baseline' | 'restricted';

/** What a pod does that a level forbids. */
export interface PodSecurityViolation {
  readonly reason: string;
  readonly detail: string;
}

/** One rule of the Pod Security Standards (KEP-2579). */
interface Check {
  readonly level: 'baseline' | 'restricted';
  /** First minor version of the standards that has it. */
  readonly since?: number;
  /** First minor version of which `restricted` has a stricter rule instead. */
  readonly onlyBaselineSince?: number;
  find(pod: Pod, minor: number): PodSecurityViolation | undefined;
}

/** A container with where it stands. */
type AnyContainer = Pick<Container, 'name' | 'ports' | 'securityContext' | 'lifecycle'> &
  Pick<Container, 'livenessProbe' | 'readinessProbe' | 'startupProbe'>;

/** What violates a level, baseline rules first, each group by its name. @param minor of the standards' version */
export function podSecurityViolations(pod: Pod, level: PodSecurityLevel, minor: number): PodSecurityViolation[] {
  if (level === 'privileged') return [];
  return checks
    .filter((check) =>
      level === 'baseline' ? check.level === 'baseline' : minor < (check.onlyBaselineSince ?? Number.POSITIVE_INFINITY),
    )
    .filter((check) => (check.since ?? 0) <= minor)
    .flatMap((check) => check.find(pod, minor) ?? []);
}

/** `privileged (container "c" must not …), hostPort (…)`. */
export function describeViolations(violations: readonly PodSecurityViolation[]): string {
  return violations.map(({ reason, detail }) => `${reason} (${detail})`).join(', ');
}

const baselineCapabilities = new Set(
  (
    'AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE SETFCAP SETGID SETPCAP SETUID ' +
    'SYS_CHROOT'
  ).split(' '),
);

/** Sysctls that do not leave the pod, with the minor version from which they are allowed. */
const safeSysctls: Readonly<Record<string, number>> = {
  'kernel.shm_rmid_forced': 0,
  'net.ipv4.ip_local_port_range': 0,
  'net.ipv4.ip_unprivileged_port_start': 0,
  'net.ipv4.ping_group_range': 0,
  'net.ipv4.tcp_syncookies': 0,
  'net.ipv4.ip_local_reserved_ports': 27,
  'net.ipv4.tcp_fin_timeout': 29,
  'net.ipv4.tcp_keepalive_intvl': 29,
  'net.ipv4.tcp_keepalive_probes': 29,
  'net.ipv4.tcp_keepalive_time': 29,
  'net.ipv4.tcp_rmem': 32,
  'net.ipv4.tcp_wmem': 32,
};

const restrictedVolumes = new Set(
  'name configMap csi downwardAPI emptyDir ephemeral persistentVolumeClaim projected secret image'.split(' '),
);

const checks: readonly Check[] = [
  { level: 'baseline', find: appArmorProfile },
  {
    level: 'baseline',
    onlyBaselineSince: 22,
    find: (pod) => addedCapabilities(pod, baselineCapabilities, 'non-default capabilities'),
  },
  { level: 'baseline', find: hostNamespaces },
  { level: 'baseline', onlyBaselineSince: 0, find: hostPathVolumes },
  { level: 'baseline', find: hostPorts },
  { level: 'baseline', since: 34, find: probeHosts },
  {
    level: 'baseline',
    find: (pod) =>
      forbidContainers(
        pod,
        'privileged',
        'must not set securityContext.privileged=true',
        (context) => context?.privileged === true,
      ),
  },
  { level: 'baseline', onlyBaselineSince: 35, find: procMount },
  { level: 'baseline', find: seLinuxOptions },
  { level: 'baseline', onlyBaselineSince: 19, find: seccompBaseline },
  { level: 'baseline', find: sysctls },
  { level: 'baseline', find: windowsHostProcess },
  { level: 'restricted', since: 8, find: allowPrivilegeEscalation },
  { level: 'restricted', since: 22, find: restrictedCapabilities },
  { level: 'restricted', since: 35, find: changedProcMount },
  { level: 'restricted', find: volumeTypes },
  { level: 'restricted', find: runAsNonRoot },
  { level: 'restricted', since: 23, find: runAsUser },
  { level: 'restricted', since: 19, find: seccompRestricted },
];

function specOf(pod: Pod): PodSpec {
  return pod.spec ?? { containers: [] };
}

/** In the order of the standards: init containers, containers, ephemeral ones. */
function containersOf(pod: Pod): readonly AnyContainer[] {
  // A list that has to be there is null when it is not.
  const { initContainers = [], containers, ephemeralContainers = [] } = specOf(pod) as Partial<PodSpec>;
  return [...initContainers, ...(containers ?? []), ...ephemeralContainers];
}

function quoted(items: readonly string[]): string {
  return items.map((item) => `"${item}"`).join(', ');
}

function plural(count: number, singular: string): string {
  return count === 1 ? singular : `${singular}s`;
}

function unique(items: readonly string[]): string[] {
  return [...new Set(items)].toSorted();
}

function containerNames(names: readonly string[]): string {
  return `${plural(names.length, 'container')} ${quoted(names)}`;
}

/** `pod and containers "a", "b"`. */
function setters(isPod: boolean, names: readonly string[]): string {
  return [...(isPod ? ['pod'] : []), ...(names.length > 0 ? [containerNames(names)] : [])].join(' and ');
}

function namesWhere(pod: Pod, isBad: (context: SecurityContext | undefined) => boolean): string[] {
  return containersOf(pod)
    .filter((container) => isBad(container.securityContext))
    .map((container) => container.name);
}

function forbidContainers(
  pod: Pod,
  reason: string,
  rule: string,
  isBad: (context: SecurityContext | undefined) => boolean,
): PodSecurityViolation | undefined {
  const names = namesWhere(pod, isBad);
  return names.length === 0 ? undefined : { reason, detail: `${containerNames(names)} ${rule}` };
}

/** A pod with its own user namespace may do as root what stays inside of it (KEP-127, from 1.35 on). */
function hasOwnUsers(pod: Pod, minor: number): boolean {
  return minor >= 35 && specOf(pod).hostUsers === false;
}

/** Rules about Linux do not apply to Windows (from 1.25 on). */
function isWindows(pod: Pod, minor: number): boolean {
  return minor >= 25 && specOf(pod).os?.name === 'windows';
}

function appArmorProfile(pod: Pod): PodSecurityViolation | undefined {
  const isBad = (type: string | undefined): boolean =>
    type !== undefined && !['RuntimeDefault', 'Localhost'].includes(type);
  const podType = specOf(pod).securityContext?.appArmorProfile?.type;
  const bad = containersOf(pod).filter(({ securityContext }) => isBad(securityContext?.appArmorProfile?.type));
  const values = unique([
    ...(isBad(podType) ? [podType ?? ''] : []),
    ...bad.map(({ securityContext }) => securityContext?.appArmorProfile?.type ?? ''),
  ]);
  const annotations = Object.entries(pod.metadata.annotations ?? {})
    .filter(([key]) => key.startsWith('container.apparmor.security.beta.kubernetes.io/'))
    .filter(([, value]) => value !== '' && value !== 'runtime/default' && !value.startsWith('localhost/'))
    .map(([key, value]) => `${key}=${quoted([value])}`)
    .toSorted();
  const who = setters(
    isBad(podType),
    bad.map(({ name }) => name),
  );
  const all = [who, annotations.length === 0 ? '' : plural(annotations.length, 'annotation')].filter(
    (text) => text !== '',
  );
  if (all.length === 0) return undefined;
  return {
    reason: plural(values.length + annotations.length, 'forbidden AppArmor profile'),
    detail: `${all.join(' and ')} must not set AppArmor profile type to ${quoted([...values, ...annotations])}`,
  };
}

function addedCapabilities(pod: Pod, allowed: ReadonlySet<string>, reason: string): PodSecurityViolation | undefined {
  const added = (context: SecurityContext | undefined): string[] =>
    (context?.capabilities?.add ?? []).filter((capability) => !allowed.has(capability));
  const names = namesWhere(pod, (context) => added(context).length > 0);
  if (names.length === 0) return undefined;
  const capabilities = unique(containersOf(pod).flatMap(({ securityContext }) => added(securityContext)));
  return {
    reason,
    detail: `${containerNames(names)} must not include ${quoted(capabilities)} in securityContext.capabilities.add`,
  };
}

function restrictedCapabilities(pod: Pod, minor: number): PodSecurityViolation | undefined {
  if (isWindows(pod, minor)) return undefined;
  const keeping = namesWhere(pod, (context) => context?.capabilities?.drop?.includes('ALL') !== true);
  const adding = addedCapabilities(pod, new Set(['NET_BIND_SERVICE']), '');
  const details = [
    ...(keeping.length > 0 ? [`${containerNames(keeping)} must set securityContext.capabilities.drop=["ALL"]`] : []),
    ...(adding === undefined ? [] : [adding.detail]),
  ];
  return details.length === 0 ? undefined : { reason: 'unrestricted capabilities', detail: details.join('; ') };
}

function hostNamespaces(pod: Pod): PodSecurityViolation | undefined {
  const spec = specOf(pod);
  const shared = (['hostNetwork', 'hostPID', 'hostIPC'] as const).filter((name) => spec[name] === true);
  if (shared.length === 0) return undefined;
  return { reason: 'host namespaces', detail: shared.map((name) => `${name}=true`).join(', ') };
}

function hostPathVolumes(pod: Pod): PodSecurityViolation | undefined {
  const names = (specOf(pod).volumes ?? []).filter(({ hostPath }) => hostPath !== undefined).map(({ name }) => name);
  if (names.length === 0) return undefined;
  return { reason: 'hostPath volumes', detail: `${plural(names.length, 'volume')} ${quoted(names)}` };
}

function hostPorts(pod: Pod): PodSecurityViolation | undefined {
  const portsOf = ({ ports }: AnyContainer): string[] =>
    (ports ?? []).flatMap(({ hostPort = 0 }) => (hostPort === 0 ? [] : [`${hostPort}`]));
  const bad = containersOf(pod).filter((container) => portsOf(container).length > 0);
  if (bad.length === 0) return undefined;
  const ports = unique(bad.flatMap(portsOf));
  const names = bad.map(({ name }) => name);
  const use = names.length === 1 ? 'uses' : 'use';
  return {
    reason: 'hostPort',
    detail: `${containerNames(names)} ${use} ${plural(ports.length, 'hostPort')} ${ports.join(', ')}`,
  };
}

function probeHosts(pod: Pod): PodSecurityViolation | undefined {
  const hostsOf = (handler: Probe | LifecycleHandler | undefined): string[] =>
    [handler?.httpGet?.host, handler?.tcpSocket?.host].flatMap((host) =>
      host === undefined || host === '' ? [] : [host],
    );
  const all = (container: AnyContainer): string[] =>
    [
      container.livenessProbe,
      container.readinessProbe,
      container.startupProbe,
      container.lifecycle?.postStart,
      container.lifecycle?.preStop,
    ].flatMap(hostsOf);
  const bad = containersOf(pod).filter((container) => all(container).length > 0);
  if (bad.length === 0) return undefined;
  const hosts = unique(bad.flatMap(all));
  const names = unique(bad.map(({ name }) => name));
  const reason = 'probe or lifecycle host';
  const use = names.length === 1 ? 'uses' : 'use';
  return { reason, detail: `${containerNames(names)} ${use} ${plural(hosts.length, reason)} ${quoted(hosts)}` };
}

/** Its own users make any way of mounting harmless, though not for `restricted`. */
function procMount(pod: Pod, minor: number): PodSecurityViolation | undefined {
  return hasOwnUsers(pod, minor) ? undefined : changedProcMount(pod);
}

function changedProcMount(pod: Pod): PodSecurityViolation | undefined {
  const mountOf = (context: SecurityContext | undefined): string => context?.procMount ?? 'Default';
  const names = namesWhere(pod, (context) => mountOf(context) !== 'Default');
  if (names.length === 0) return undefined;
  const mounts = unique(containersOf(pod).map(({ securityContext }) => mountOf(securityContext))).filter(
    (mount) => mount !== 'Default',
  );
  return {
    reason: 'procMount',
    detail: `${containerNames(names)} must not set securityContext.procMount to ${quoted(mounts)}`,
  };
}

function seLinuxOptions(pod: Pod, minor: number): PodSecurityViolation | undefined {
  const allowed = [
    '',
    'container_t',
    'container_init_t',
    'container_kvm_t',
    ...(minor >= 31 ? ['container_engine_t'] : []),
  ];
  const podOptions = specOf(pod).securityContext?.seLinuxOptions;
  type Options = NonNullable<typeof podOptions>;
  const isBad = (options: Options | undefined): options is Options =>
    options !== undefined &&
    (!allowed.includes(options.type ?? '') || (options.user ?? '') !== '' || (options.role ?? '') !== '');
  const names = namesWhere(pod, (context) => isBad(context?.seLinuxOptions));
  const all = [podOptions, ...containersOf(pod).map(({ securityContext }) => securityContext?.seLinuxOptions)].filter(
    isBad,
  );
  if (all.length === 0) return undefined;
  const types = unique(all.map(({ type }) => type ?? '').filter((type) => !allowed.includes(type)));
  const data = [
    ...(types.length > 0 ? [`${plural(types.length, 'type')} ${quoted(types)}`] : []),
    ...(all.some(({ user }) => (user ?? '') !== '') ? ['user may not be set'] : []),
    ...(all.some(({ role }) => (role ?? '') !== '') ? ['role may not be set'] : []),
  ];
  const who = setters(isBad(podOptions), names);
  return {
    reason: 'seLinuxOptions',
    detail: `${who} set forbidden securityContext.seLinuxOptions: ${data.join('; ')}`,
  };
}

function badSeccomp(pod: Pod, isBad: (type: string) => boolean): PodSecurityViolation | undefined {
  const podType = specOf(pod).securityContext?.seccompProfile?.type ?? '';
  const typeOf = (context: SecurityContext | undefined): string => context?.seccompProfile?.type ?? '';
  const names = namesWhere(pod, (context) => isBad(typeOf(context)));
  if (!isBad(podType) && names.length === 0) return undefined;
  const types = unique(
    [podType, ...containersOf(pod).map(({ securityContext }) => typeOf(securityContext))].filter(isBad),
  );
  const who = setters(isBad(podType), names);
  return {
    reason: 'seccompProfile',
    detail: `${who} must not set securityContext.seccompProfile.type to ${quoted(types)}`,
  };
}

function seccompBaseline(pod: Pod, minor: number): PodSecurityViolation | undefined {
  if (minor < 19) return seccompAnnotations(pod);
  return badSeccomp(pod, (type) => type === 'Unconfined');
}

/** Before 1.19 annotations said what fields say now. */
function seccompAnnotations(pod: Pod): PodSecurityViolation | undefined {
  const allowed = ['runtime/default', 'docker/default'];
  const keys = [
    'seccomp.security.alpha.kubernetes.io/pod',
    ...containersOf(pod).map(({ name }) => `container.seccomp.security.alpha.kubernetes.io/${name}`),
  ];
  const bad = unique(
    keys.flatMap((key) => {
      const value = pod.metadata.annotations?.[key];
      if (value === undefined || allowed.includes(value) || value.startsWith('localhost/')) return [];
      return [`${key}=${quoted([value])}`];
    }),
  );
  if (bad.length === 0) return undefined;
  return { reason: 'seccompProfile', detail: `forbidden ${plural(bad.length, 'annotation')} ${bad.join(', ')}` };
}

function seccompRestricted(pod: Pod, minor: number): PodSecurityViolation | undefined {
  if (isWindows(pod, minor)) return undefined;
  const explicit = badSeccomp(pod, (type) => type !== '' && type !== 'RuntimeDefault' && type !== 'Localhost');
  if (explicit !== undefined || specOf(pod).securityContext?.seccompProfile !== undefined) return explicit;
  const names = namesWhere(pod, (context) => context?.seccompProfile === undefined);
  if (names.length === 0) return undefined;
  const rule = 'must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"';
  return { reason: 'seccompProfile', detail: `pod or ${containerNames(names)} ${rule}` };
}

function sysctls(pod: Pod, minor: number): PodSecurityViolation | undefined {
  const names = (specOf(pod).securityContext?.sysctls ?? [])
    .map(({ name }) => name)
    .filter((name) => (safeSysctls[name] ?? Number.POSITIVE_INFINITY) > minor);
  return names.length === 0 ? undefined : { reason: 'forbidden sysctls', detail: names.join(', ') };
}

function windowsHostProcess(pod: Pod): PodSecurityViolation | undefined {
  const isPod = specOf(pod).securityContext?.windowsOptions?.hostProcess === true;
  const names = namesWhere(pod, (context) => context?.windowsOptions?.hostProcess === true);
  if (!isPod && names.length === 0) return undefined;
  const rule = 'must not set securityContext.windowsOptions.hostProcess=true';
  return { reason: 'hostProcess', detail: `${setters(isPod, names)} ${rule}` };
}

function allowPrivilegeEscalation(pod: Pod, minor: number): PodSecurityViolation | undefined {
  if (isWindows(pod, minor)) return undefined;
  const rule = 'must set securityContext.allowPrivilegeEscalation=false';
  return forbidContainers(
    pod,
    'allowPrivilegeEscalation != false',
    rule,
    (context) => context?.allowPrivilegeEscalation !== false,
  );
}

function volumeTypes(pod: Pod): PodSecurityViolation | undefined {
  const typeOf = (volume: object): string | undefined => Object.keys(volume).find((key) => !restrictedVolumes.has(key));
  const bad = (specOf(pod).volumes ?? []).filter((volume) => typeOf(volume) !== undefined);
  if (bad.length === 0) return undefined;
  const types = unique(bad.map((volume) => typeOf(volume) ?? ''));
  const names = quoted(bad.map(({ name }) => name));
  const use = bad.length === 1 ? 'uses' : 'use';
  return {
    reason: 'restricted volume types',
    detail: `${plural(bad.length, 'volume')} ${names} ${use} ${plural(types.length, 'restricted volume type')} ${quoted(types)}`,
  };
}

function runAsNonRoot(pod: Pod, minor: number): PodSecurityViolation | undefined {
  if (hasOwnUsers(pod, minor)) return undefined;
  const own = specOf(pod).securityContext?.runAsNonRoot;
  const reason = 'runAsNonRoot != true';
  const explicit = namesWhere(pod, (context) => context?.runAsNonRoot === false);
  if (own === false || explicit.length > 0) {
    const who = setters(own === false, explicit);
    return { reason, detail: `${who} must not set securityContext.runAsNonRoot=false` };
  }
  const silent = namesWhere(pod, (context) => context?.runAsNonRoot === undefined);
  if (own === true || silent.length === 0) return undefined;
  return { reason, detail: `pod or ${containerNames(silent)} must set securityContext.runAsNonRoot=true` };
}

function runAsUser(pod: Pod, minor: number): PodSecurityViolation | undefined {
  if (hasOwnUsers(pod, minor)) return undefined;
  const isPod = specOf(pod).securityContext?.runAsUser === 0;
  const names = namesWhere(pod, (context) => context?.runAsUser === 0);
  if (!isPod && names.length === 0) return undefined;
  return { reason: 'runAsUser=0', detail: `${setters(isPod, names)} must not set runAsUser=0` };
}
