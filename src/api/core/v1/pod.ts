import { allVerbs, type Column, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';
import { fieldReaders } from '../../selectable-fields.ts';
import { podStrategy, setPodDefaults } from './pod-strategy.ts';
import { podRowConditions, podSummary, readinessGatesCell, restartsCell } from './pod-summary.ts';
import { ageColumn, column, nameColumn, wideColumn } from '../../columns.ts';
import type { Pod } from '../../types/core-v1.ts';

/** The types of Pod objects. */
export const podTypes: TypeSource = {
  package: 'io.k8s.api.core.v1',
  text: `
kind Pod
  metadata: meta.ObjectMeta=
  spec: PodSpec=
  status: PodStatus=

type AWSElasticBlockStoreVolumeSource
  fsType: string
  partition: int32
  readOnly: bool
  volumeID!: string=

type Affinity
  nodeAffinity: NodeAffinity
  podAffinity: PodAffinity
  podAntiAffinity: PodAntiAffinity

type AppArmorProfile unions([{"discriminator":"type","fields-to-discriminateBy":{"localhostProfile":"LocalhostProfile"}}])
  localhostProfile: string
  type!: string= enum(Localhost, RuntimeDefault, Unconfined)

type AzureDiskVolumeSource
  cachingMode: string="ReadWrite" enum(None, ReadOnly, ReadWrite)
  diskName!: string=
  diskURI!: string=
  fsType: string="ext4"
  kind: string="Shared" enum(Dedicated, Managed, Shared)
  readOnly: bool=

type AzureFileVolumeSource
  readOnly: bool
  secretName!: string=
  shareName!: string=

type CSIVolumeSource
  driver!: string=
  fsType: string
  nodePublishSecretRef: LocalObjectReference
  readOnly: bool
  volumeAttributes: {string}

type Capabilities
  add: [string] atomic
  drop: [string] atomic

type CephFSVolumeSource
  monitors!: [string] atomic
  path: string
  readOnly: bool
  secretFile: string
  secretRef: LocalObjectReference
  user: string

type CinderVolumeSource
  fsType: string
  readOnly: bool
  secretRef: LocalObjectReference
  volumeID!: string=

type ClusterTrustBundleProjection
  labelSelector: meta.LabelSelector
  name: string
  optional: bool
  path!: string=
  signerName: string

type ConfigMapEnvSource
  name: string=
  optional: bool

type ConfigMapKeySelector atomic
  key!: string=
  name: string=
  optional: bool

type ConfigMapProjection
  items: [KeyToPath] atomic
  name: string=
  optional: bool

type ConfigMapVolumeSource
  defaultMode: int32
  items: [KeyToPath] atomic
  name: string=
  optional: bool

type Container
  args: [string] atomic
  command: [string] atomic
  env: [EnvVar] map(name) merge(name)
  envFrom: [EnvFromSource] atomic
  image: string
  imagePullPolicy: string enum(Always, IfNotPresent, Never)
  lifecycle: Lifecycle
  livenessProbe: Probe
  name!: string=
  ports: [ContainerPort] map(containerPort, protocol) merge(containerPort)
  readinessProbe: Probe
  resizePolicy: [ContainerResizePolicy] atomic
  resources: ResourceRequirements=
  restartPolicy: string
  restartPolicyRules: [ContainerRestartRule] atomic
  securityContext: SecurityContext
  startupProbe: Probe
  stdin: bool
  stdinOnce: bool
  terminationMessagePath: string
  terminationMessagePolicy: string enum(FallbackToLogsOnError, File)
  tty: bool
  volumeDevices: [VolumeDevice] map(devicePath) merge(devicePath)
  volumeMounts: [VolumeMount] map(mountPath) merge(mountPath)
  workingDir: string

type ContainerExtendedResourceRequest
  containerName!: string=
  resourceName!: string=
  requestName!: string=

type ContainerPort
  containerPort!: int32=
  hostIP: string
  hostPort: int32
  name: string
  protocol: string="TCP" enum(SCTP, TCP, UDP)

type ContainerResizePolicy
  resourceName!: string=
  restartPolicy!: string=

type ContainerRestartRule
  action!: string
  exitCodes: ContainerRestartRuleOnExitCodes

type ContainerRestartRuleOnExitCodes
  operator!: string
  values: [int32] set

type ContainerState
  running: ContainerStateRunning
  terminated: ContainerStateTerminated
  waiting: ContainerStateWaiting

type ContainerStateRunning
  startedAt: meta.Time

type ContainerStateTerminated
  containerID: string
  exitCode!: int32=
  finishedAt: meta.Time
  message: string
  reason: string
  signal: int32
  startedAt: meta.Time

type ContainerStateWaiting
  message: string
  reason: string

type ContainerStatus
  allocatedResources: {resource.Quantity}
  allocatedResourcesStatus: [ResourceStatus] map(name) merge(name)
  containerID: string
  name!: string=
  ready!: bool=
  lastState: ContainerState=
  restartCount!: int32=
  image!: string=
  resources: ResourceRequirements
  imageID!: string=
  started: bool
  state: ContainerState=
  stopSignal: string enum(SIGABRT, SIGALRM, SIGBUS, SIGCHLD, SIGCLD, SIGCONT, SIGFPE, SIGHUP, SIGILL, SIGINT, SIGIO, SIGIOT, SIGKILL, SIGPIPE, SIGPOLL, SIGPROF, SIGPWR, SIGQUIT, SIGRTMAX, SIGRTMAX-1, SIGRTMAX-10, SIGRTMAX-11, SIGRTMAX-12, SIGRTMAX-13, SIGRTMAX-14, SIGRTMAX-2, SIGRTMAX-3, SIGRTMAX-4, SIGRTMAX-5, SIGRTMAX-6, SIGRTMAX-7, SIGRTMAX-8, SIGRTMAX-9, SIGRTMIN, SIGRTMIN+1, SIGRTMIN+10, SIGRTMIN+11, SIGRTMIN+12, SIGRTMIN+13, SIGRTMIN+14, SIGRTMIN+15, SIGRTMIN+2, SIGRTMIN+3, SIGRTMIN+4, SIGRTMIN+5, SIGRTMIN+6, SIGRTMIN+7, SIGRTMIN+8, SIGRTMIN+9, SIGSEGV, SIGSTKFLT, SIGSTOP, SIGSYS, SIGTERM, SIGTRAP, SIGTSTP, SIGTTIN, SIGTTOU, SIGURG, SIGUSR1, SIGUSR2, SIGVTALRM, SIGWINCH, SIGXCPU, SIGXFSZ)
  user: ContainerUser
  volumeMounts: [VolumeMountStatus] map(mountPath) merge(mountPath)

type ContainerUser
  linux: LinuxContainerUser

type DownwardAPIProjection
  items: [DownwardAPIVolumeFile] atomic

type DownwardAPIVolumeFile
  fieldRef: ObjectFieldSelector
  mode: int32
  path!: string=
  resourceFieldRef: ResourceFieldSelector

type DownwardAPIVolumeSource
  defaultMode: int32
  items: [DownwardAPIVolumeFile] atomic

type EmptyDirVolumeSource
  medium: string
  sizeLimit: resource.Quantity

type EnvFromSource
  configMapRef: ConfigMapEnvSource
  prefix: string
  secretRef: SecretEnvSource

type EnvVar
  name!: string=
  value: string
  valueFrom: EnvVarSource

type EnvVarSource
  configMapKeyRef: ConfigMapKeySelector
  fieldRef: ObjectFieldSelector
  fileKeyRef: FileKeySelector
  resourceFieldRef: ResourceFieldSelector
  secretKeyRef: SecretKeySelector

type EphemeralContainer
  args: [string] atomic
  command: [string] atomic
  env: [EnvVar] map(name) merge(name)
  envFrom: [EnvFromSource] atomic
  image: string
  imagePullPolicy: string enum(Always, IfNotPresent, Never)
  lifecycle: Lifecycle
  livenessProbe: Probe
  name!: string=
  ports: [ContainerPort] map(containerPort, protocol) merge(containerPort)
  readinessProbe: Probe
  resizePolicy: [ContainerResizePolicy] atomic
  resources: ResourceRequirements=
  restartPolicy: string
  restartPolicyRules: [ContainerRestartRule] atomic
  securityContext: SecurityContext
  startupProbe: Probe
  stdin: bool
  stdinOnce: bool
  targetContainerName: string
  terminationMessagePath: string
  terminationMessagePolicy: string enum(FallbackToLogsOnError, File)
  tty: bool
  volumeDevices: [VolumeDevice] map(devicePath) merge(devicePath)
  volumeMounts: [VolumeMount] map(mountPath) merge(mountPath)
  workingDir: string

type EphemeralVolumeSource
  volumeClaimTemplate: PersistentVolumeClaimTemplate

type ExecAction
  command: [string] atomic

type FCVolumeSource
  fsType: string
  lun: int32
  readOnly: bool
  targetWWNs: [string] atomic
  wwids: [string] atomic

type FileKeySelector atomic
  volumeName!: string=
  optional: bool=
  path!: string=
  key!: string=

type FlexVolumeSource
  driver!: string=
  fsType: string
  options: {string}
  readOnly: bool
  secretRef: LocalObjectReference

type FlockerVolumeSource
  datasetName: string
  datasetUUID: string

type GCEPersistentDiskVolumeSource
  fsType: string
  partition: int32
  pdName!: string=
  readOnly: bool

type GRPCAction
  port!: int32=
  service: string=

type GitRepoVolumeSource
  directory: string
  repository!: string=
  revision: string

type GlusterfsVolumeSource
  endpoints!: string=
  path!: string=
  readOnly: bool

type HTTPGetAction
  host: string
  httpHeaders: [HTTPHeader] atomic
  path: string
  port!: intstr.IntOrString
  scheme: string enum(HTTP, HTTPS)

type HTTPHeader
  name!: string=
  value!: string=

type HostAlias
  hostnames: [string] atomic
  ip!: string=

type HostIP
  ip!: string=

type HostPathVolumeSource
  path!: string=
  type: string enum("", BlockDevice, CharDevice, Directory, DirectoryOrCreate, File, FileOrCreate, Socket)

type ISCSIVolumeSource
  chapAuthDiscovery: bool
  chapAuthSession: bool
  fsType: string
  initiatorName: string
  targetPortal!: string=
  iscsiInterface: string="default"
  iqn!: string=
  portals: [string] atomic
  readOnly: bool
  secretRef: LocalObjectReference
  lun!: int32=

type ImageVolumeSource
  pullPolicy: string enum(Always, IfNotPresent, Never)
  reference: string

type ImageVolumeStatus
  imageRef!: string

type KeyToPath
  key!: string=
  mode: int32
  path!: string=

type Lifecycle
  postStart: LifecycleHandler
  preStop: LifecycleHandler
  stopSignal: string enum(SIGABRT, SIGALRM, SIGBUS, SIGCHLD, SIGCLD, SIGCONT, SIGFPE, SIGHUP, SIGILL, SIGINT, SIGIO, SIGIOT, SIGKILL, SIGPIPE, SIGPOLL, SIGPROF, SIGPWR, SIGQUIT, SIGRTMAX, SIGRTMAX-1, SIGRTMAX-10, SIGRTMAX-11, SIGRTMAX-12, SIGRTMAX-13, SIGRTMAX-14, SIGRTMAX-2, SIGRTMAX-3, SIGRTMAX-4, SIGRTMAX-5, SIGRTMAX-6, SIGRTMAX-7, SIGRTMAX-8, SIGRTMAX-9, SIGRTMIN, SIGRTMIN+1, SIGRTMIN+10, SIGRTMIN+11, SIGRTMIN+12, SIGRTMIN+13, SIGRTMIN+14, SIGRTMIN+15, SIGRTMIN+2, SIGRTMIN+3, SIGRTMIN+4, SIGRTMIN+5, SIGRTMIN+6, SIGRTMIN+7, SIGRTMIN+8, SIGRTMIN+9, SIGSEGV, SIGSTKFLT, SIGSTOP, SIGSYS, SIGTERM, SIGTRAP, SIGTSTP, SIGTTIN, SIGTTOU, SIGURG, SIGUSR1, SIGUSR2, SIGVTALRM, SIGWINCH, SIGXCPU, SIGXFSZ)

type LifecycleHandler
  exec: ExecAction
  httpGet: HTTPGetAction
  sleep: SleepAction
  tcpSocket: TCPSocketAction

type LinuxContainerUser
  uid!: int64=
  supplementalGroups: [int64] atomic
  gid!: int64=

type LocalObjectReference atomic
  name: string=

type NFSVolumeSource
  server!: string=
  readOnly: bool
  path!: string=

type NodeAffinity
  preferredDuringSchedulingIgnoredDuringExecution: [PreferredSchedulingTerm] atomic
  requiredDuringSchedulingIgnoredDuringExecution: NodeSelector

type NodeAllocatableResourceClaimStatus
  containers: [string] set
  resourceClaimName!: string=
  resources!: {resource.Quantity}

type NodeSelector atomic
  nodeSelectorTerms!: [NodeSelectorTerm] atomic

type NodeSelectorRequirement
  key!: string=
  operator!: string= enum(DoesNotExist, Exists, Gt, In, Lt, NotIn)
  values: [string] atomic

type NodeSelectorTerm atomic
  matchExpressions: [NodeSelectorRequirement] atomic
  matchFields: [NodeSelectorRequirement] atomic

type ObjectFieldSelector atomic
  apiVersion: string
  fieldPath!: string=

type PersistentVolumeClaimSpec
  accessModes: [string enum(ReadOnlyMany, ReadWriteMany, ReadWriteOnce, ReadWriteOncePod)] atomic
  dataSource: TypedLocalObjectReference
  dataSourceRef: TypedObjectReference
  resources: VolumeResourceRequirements=
  selector: meta.LabelSelector
  storageClassName: string
  volumeAttributesClassName: string
  volumeMode: string enum(Block, Filesystem)
  volumeName: string

type PersistentVolumeClaimTemplate
  metadata: meta.ObjectMeta=
  spec!: PersistentVolumeClaimSpec=

type PersistentVolumeClaimVolumeSource
  claimName!: string=
  readOnly: bool

type PhotonPersistentDiskVolumeSource
  fsType: string
  pdID!: string=

type PodAffinity
  preferredDuringSchedulingIgnoredDuringExecution: [WeightedPodAffinityTerm] atomic
  requiredDuringSchedulingIgnoredDuringExecution: [PodAffinityTerm] atomic

type PodAffinityTerm
  labelSelector: meta.LabelSelector
  matchLabelKeys: [string] atomic
  mismatchLabelKeys: [string] atomic
  namespaceSelector: meta.LabelSelector
  namespaces: [string] atomic
  topologyKey!: string=

type PodAntiAffinity
  preferredDuringSchedulingIgnoredDuringExecution: [WeightedPodAffinityTerm] atomic
  requiredDuringSchedulingIgnoredDuringExecution: [PodAffinityTerm] atomic

type PodCertificateProjection
  certificateChainPath: string
  credentialBundlePath: string
  keyPath: string
  signerName!: string
  maxExpirationSeconds: int32
  keyType!: string
  userAnnotations: {string}

type PodCondition
  lastProbeTime: meta.Time
  lastTransitionTime: meta.Time
  message: string
  observedGeneration: int64
  reason: string
  type!: string=
  status!: string=

type PodDNSConfig
  nameservers: [string] atomic
  options: [PodDNSConfigOption] atomic
  searches: [string] atomic

type PodDNSConfigOption
  name: string
  value: string

type PodExtendedResourceClaimStatus
  requestMappings!: [ContainerExtendedResourceRequest] atomic
  resourceClaimName!: string=

type PodIP
  ip!: string=

type PodOS
  name!: string=

type PodReadinessGate
  conditionType!: string=

type PodResourceClaim
  name!: string=
  resourceClaimName: string
  resourceClaimTemplateName: string

type PodResourceClaimStatus
  name!: string=
  resourceClaimName: string

type PodSchedulingGate
  name!: string=

type PodSchedulingGroup unions([{"fields-to-discriminateBy":{"podGroupName":"PodGroupName"}}])
  podGroupName: string

type PodSecurityContext
  appArmorProfile: AppArmorProfile
  fsGroup: int64
  fsGroupChangePolicy: string enum(Always, OnRootMismatch)
  runAsGroup: int64
  runAsNonRoot: bool
  runAsUser: int64
  seLinuxChangePolicy: string
  seLinuxOptions: SELinuxOptions
  seccompProfile: SeccompProfile
  supplementalGroups: [int64] atomic
  supplementalGroupsPolicy: string enum(Merge, Strict)
  sysctls: [Sysctl] atomic
  windowsOptions: WindowsSecurityContextOptions

type PodSpec
  activeDeadlineSeconds: int64
  affinity: Affinity
  automountServiceAccountToken: bool
  containers!: [Container] map(name) merge(name)
  dnsConfig: PodDNSConfig
  dnsPolicy: string enum(ClusterFirst, ClusterFirstWithHostNet, Default, None)
  enableServiceLinks: bool
  ephemeralContainers: [EphemeralContainer] map(name) merge(name)
  hostAliases: [HostAlias] map(ip) merge(ip)
  hostIPC: bool
  hostNetwork: bool
  hostPID: bool
  hostUsers: bool
  hostname: string
  hostnameOverride: string
  imagePullSecrets: [LocalObjectReference] map(name) merge(name)
  initContainers: [Container] map(name) merge(name)
  nodeName: string
  nodeSelector: {string} atomic-map
  os: PodOS
  overhead: {resource.Quantity}
  preemptionPolicy: string enum(Never, PreemptLowerPriority)
  priority: int32
  priorityClassName: string
  readinessGates: [PodReadinessGate] atomic
  resourceClaims: [PodResourceClaim] map(name) strategy(merge,retainKeys) merge(name)
  resources: ResourceRequirements
  restartPolicy: string enum(Always, Never, OnFailure)
  runtimeClassName: string
  schedulerName: string
  schedulingGates: [PodSchedulingGate] map(name) merge(name)
  schedulingGroup: PodSchedulingGroup
  securityContext: PodSecurityContext
  serviceAccount: string
  serviceAccountName: string
  setHostnameAsFQDN: bool
  shareProcessNamespace: bool
  subdomain: string
  terminationGracePeriodSeconds: int64
  tolerations: [Toleration] atomic
  topologySpreadConstraints: [TopologySpreadConstraint] map(topologyKey, whenUnsatisfiable) merge(topologyKey)
  volumes: [Volume] map(name) strategy(merge,retainKeys) merge(name)

type PodStatus
  allocatedResources: {resource.Quantity}
  conditions: [PodCondition] map(type) merge(type)
  containerStatuses: [ContainerStatus] atomic
  ephemeralContainerStatuses: [ContainerStatus] atomic
  extendedResourceClaimStatus: PodExtendedResourceClaimStatus
  hostIP: string
  hostIPs: [HostIP] atomic merge(ip)
  initContainerStatuses: [ContainerStatus] atomic
  message: string
  nodeAllocatableResourceClaimStatuses: [NodeAllocatableResourceClaimStatus] atomic
  nominatedNodeName: string
  observedGeneration: int64
  phase: string enum(Failed, Pending, Running, Succeeded, Unknown)
  podIP: string
  podIPs: [PodIP] map(ip) merge(ip)
  qosClass: string enum(BestEffort, Burstable, Guaranteed)
  reason: string
  resize: string
  resourceClaimStatuses: [PodResourceClaimStatus] map(name) strategy(merge,retainKeys) merge(name)
  resources: ResourceRequirements
  startTime: meta.Time

type PortworxVolumeSource
  fsType: string
  readOnly: bool
  volumeID!: string=

type PreferredSchedulingTerm
  weight!: int32=
  preference!: NodeSelectorTerm=

type Probe
  exec: ExecAction
  failureThreshold: int32
  grpc: GRPCAction
  httpGet: HTTPGetAction
  initialDelaySeconds: int32
  periodSeconds: int32
  successThreshold: int32
  tcpSocket: TCPSocketAction
  terminationGracePeriodSeconds: int64
  timeoutSeconds: int32

type ProjectedVolumeSource
  defaultMode: int32
  sources: [VolumeProjection] atomic null

type QuobyteVolumeSource
  group: string
  readOnly: bool
  registry!: string=
  tenant: string
  user: string
  volume!: string=

type RBDVolumeSource
  fsType: string
  monitors!: [string] atomic
  keyring: string="/etc/ceph/keyring"
  image!: string=
  pool: string="rbd"
  readOnly: bool
  secretRef: LocalObjectReference
  user: string="admin"

type ResourceClaim
  name!: string=
  request: string

type ResourceFieldSelector atomic
  containerName: string
  divisor: resource.Quantity
  resource!: string=

type ResourceHealth
  health: string
  message: string
  resourceID!: string=

type ResourceRequirements
  claims: [ResourceClaim] map(name)
  limits: {resource.Quantity}
  requests: {resource.Quantity}

type ResourceStatus
  name!: string=
  resources: [ResourceHealth] map(resourceID)

type SELinuxOptions
  level: string
  role: string
  type: string
  user: string

type ScaleIOVolumeSource
  fsType: string="xfs"
  gateway!: string=
  protectionDomain: string
  readOnly: bool
  system!: string=
  sslEnabled: bool
  storageMode: string="ThinProvisioned"
  storagePool: string
  secretRef!: LocalObjectReference null
  volumeName: string

type SeccompProfile unions([{"discriminator":"type","fields-to-discriminateBy":{"localhostProfile":"LocalhostProfile"}}])
  localhostProfile: string
  type!: string= enum(Localhost, RuntimeDefault, Unconfined)

type SecretEnvSource
  name: string=
  optional: bool

type SecretKeySelector atomic
  key!: string=
  name: string=
  optional: bool

type SecretProjection
  items: [KeyToPath] atomic
  name: string=
  optional: bool

type SecretVolumeSource
  defaultMode: int32
  items: [KeyToPath] atomic
  optional: bool
  secretName: string

type SecurityContext
  allowPrivilegeEscalation: bool
  appArmorProfile: AppArmorProfile
  capabilities: Capabilities
  privileged: bool
  procMount: string enum(Default, Unmasked)
  readOnlyRootFilesystem: bool
  runAsGroup: int64
  runAsNonRoot: bool
  runAsUser: int64
  seLinuxOptions: SELinuxOptions
  seccompProfile: SeccompProfile
  windowsOptions: WindowsSecurityContextOptions

type ServiceAccountTokenProjection
  audience: string
  expirationSeconds: int64
  path!: string=

type SleepAction
  seconds!: int64=

type StorageOSVolumeSource
  fsType: string
  readOnly: bool
  secretRef: LocalObjectReference
  volumeName: string
  volumeNamespace: string

type Sysctl
  name!: string=
  value!: string=

type TCPSocketAction
  host: string
  port!: intstr.IntOrString

type Toleration
  effect: string enum(NoExecute, NoSchedule, PreferNoSchedule)
  key: string
  operator: string enum(Equal, Exists, Gt, Lt)
  tolerationSeconds: int64
  value: string

type TopologySpreadConstraint
  labelSelector: meta.LabelSelector
  matchLabelKeys: [string] atomic
  maxSkew!: int32=
  minDomains: int32
  nodeAffinityPolicy: string enum(Honor, Ignore)
  nodeTaintsPolicy: string enum(Honor, Ignore)
  topologyKey!: string=
  whenUnsatisfiable!: string= enum(DoNotSchedule, ScheduleAnyway)

type TypedLocalObjectReference atomic
  apiGroup: string null
  kind!: string=
  name!: string=

type TypedObjectReference
  apiGroup: string null
  kind!: string=
  name!: string=
  namespace: string

type Volume
  awsElasticBlockStore: AWSElasticBlockStoreVolumeSource
  azureDisk: AzureDiskVolumeSource
  azureFile: AzureFileVolumeSource
  cephfs: CephFSVolumeSource
  cinder: CinderVolumeSource
  configMap: ConfigMapVolumeSource
  csi: CSIVolumeSource
  downwardAPI: DownwardAPIVolumeSource
  emptyDir: EmptyDirVolumeSource
  ephemeral: EphemeralVolumeSource
  fc: FCVolumeSource
  flexVolume: FlexVolumeSource
  flocker: FlockerVolumeSource
  gcePersistentDisk: GCEPersistentDiskVolumeSource
  gitRepo: GitRepoVolumeSource
  glusterfs: GlusterfsVolumeSource
  hostPath: HostPathVolumeSource
  image: ImageVolumeSource
  iscsi: ISCSIVolumeSource
  name!: string=
  nfs: NFSVolumeSource
  persistentVolumeClaim: PersistentVolumeClaimVolumeSource
  photonPersistentDisk: PhotonPersistentDiskVolumeSource
  portworxVolume: PortworxVolumeSource
  projected: ProjectedVolumeSource
  quobyte: QuobyteVolumeSource
  rbd: RBDVolumeSource
  scaleIO: ScaleIOVolumeSource
  secret: SecretVolumeSource
  storageos: StorageOSVolumeSource
  vsphereVolume: VsphereVirtualDiskVolumeSource

type VolumeDevice
  name!: string=
  devicePath!: string=

type VolumeMount
  name!: string=
  mountPropagation: string enum(Bidirectional, HostToContainer, None)
  mountPath!: string=
  readOnly: bool
  recursiveReadOnly: string
  subPath: string
  subPathExpr: string

type VolumeMountStatus
  name!: string=
  mountPath!: string=
  readOnly: bool
  recursiveReadOnly: string
  volumeStatus: VolumeStatus

type VolumeProjection
  clusterTrustBundle: ClusterTrustBundleProjection
  configMap: ConfigMapProjection
  downwardAPI: DownwardAPIProjection
  podCertificate: PodCertificateProjection
  secret: SecretProjection
  serviceAccountToken: ServiceAccountTokenProjection

type VolumeResourceRequirements
  limits: {resource.Quantity}
  requests: {resource.Quantity}

type VolumeStatus
  image: ImageVolumeStatus

type VsphereVirtualDiskVolumeSource
  fsType: string
  storagePolicyID: string
  storagePolicyName: string
  volumePath!: string=

type WeightedPodAffinityTerm
  weight!: int32=
  podAffinityTerm!: PodAffinityTerm=

type WindowsSecurityContextOptions
  gmsaCredentialSpec: string
  gmsaCredentialSpecName: string
  hostProcess: bool
  runAsUserName: string
`,
};

const columns: readonly Column[] = [
  nameColumn,
  column(
    'Ready',
    'string',
    'The aggregate readiness state of this pod for accepting traffic.',
    (pod: Pod) => podSummary(pod).ready,
  ),
  column(
    'Status',
    'string',
    'The aggregate status of the containers in this pod.',
    (pod: Pod) => podSummary(pod).status,
  ),
  column(
    'Restarts',
    'string',
    'The number of times the containers in this pod have been restarted and when the last container in this pod has restarted.',
    restartsCell,
  ),
  ageColumn,
  wideColumn('IP', 'string', '@core.v1.PodStatus.podIP', (pod: Pod) => (pod.status?.podIPs?.[0]?.ip ?? '') || '<none>'),
  wideColumn('Node', 'string', '@core.v1.PodSpec.nodeName', (pod: Pod) => pod.spec?.nodeName || '<none>'),
  wideColumn(
    'Nominated Node',
    'string',
    '@core.v1.PodStatus.nominatedNodeName',
    (pod: Pod) => pod.status?.nominatedNodeName || '<none>',
  ),
  wideColumn('Readiness Gates', 'string', '@core.v1.PodSpec.readinessGates', readinessGatesCell),
];

/** The pods resource. */
export const podResource: ResourceDefinition = {
  group: '',
  version: 'v1',
  kind: 'Pod',
  resource: 'pods',
  singular: 'pod',
  shortNames: ['po'],
  categories: ['all'],
  namespaced: true,
  verbs: allVerbs,
  subresources: [
    { name: 'attach', kind: { group: '', version: '', kind: 'PodAttachOptions' }, verbs: ['create', 'get'] },
    { name: 'binding', kind: { group: '', version: '', kind: 'Binding' }, verbs: ['create'] },
    { name: 'ephemeralcontainers', verbs: ['get', 'patch', 'update'], hasTable: false },
    { name: 'eviction', kind: { group: 'policy', version: 'v1', kind: 'Eviction' }, verbs: ['create'] },
    { name: 'exec', kind: { group: '', version: '', kind: 'PodExecOptions' }, verbs: ['create', 'get'] },
    { name: 'log', verbs: ['get'], hasTable: false },
    { name: 'portforward', kind: { group: '', version: '', kind: 'PodPortForwardOptions' }, verbs: ['create', 'get'] },
    {
      name: 'proxy',
      kind: { group: '', version: '', kind: 'PodProxyOptions' },
      verbs: ['create', 'delete', 'get', 'patch', 'update'],
    },
    { name: 'resize', verbs: ['get', 'patch', 'update'], hasTable: false },
    { name: 'status', verbs: ['get', 'patch', 'update'] },
  ],
  type: 'io.k8s.api.core.v1.Pod',
  columns,
  rowConditions: podRowConditions,
  setDefaults: setPodDefaults,
  strategy: podStrategy,
  selectableFields: fieldReaders([
    'spec.nodeName',
    'spec.restartPolicy',
    'spec.schedulerName',
    'spec.serviceAccountName',
    'spec.hostNetwork',
    'status.phase',
    'status.podIP',
    'status.podIPs',
    'status.nominatedNodeName',
  ]),
};
