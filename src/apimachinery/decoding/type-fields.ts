import type { SchemaSource } from '../schema.ts';

/** One field of a protobuf message. */
export interface ProtobufField {
  /** Name in JSON; for embedded messages the full name of the message whose fields stand beside the others in JSON. */
  readonly name: string;
  readonly number: number;
  /** May be absent and then differs from its zero value; other scalars and messages are always on the wire. */
  readonly isPointer: boolean;
  /** Whether JSON has it even when it is the zero value of its type. */
  readonly isKept: boolean;
  readonly isEmbedded: boolean;
  /** A list that goes as a message with the list as its field 1. */
  readonly isWrapped: boolean;
  /** Behind a feature gate: skipped where the type's schema does not have it. */
  readonly isGated: boolean;
}

/**
 * The fields by package and type, in the order in which JSON has them, with their numbers in
 * `application/vnd.kubernetes.protobuf`. A field without a number has that of the field before it and one more; `?`
 * marks pointers, `!` scalars that JSON never leaves out, `+Type` a type whose fields stand among the others in JSON,
 * `[]` a wrapped list, `~name` a field behind a feature gate. Several packages may have the same types. Lists of kinds
 * have metadata 1 and items 2 and are not written down. Types and shapes of the fields are those of the schemas.
 */
const text = `
io.k8s.api.admissionregistration.v1 io.k8s.api.admissionregistration.v1beta1 io.k8s.api.admissionregistration.v1alpha1
  ApplyConfiguration expression
  AuditAnnotation key! valueExpression!
  ExpressionWarning fieldRef!=2 warning!
  JSONPatch expression
  MatchCondition name! expression!
  MatchResources namespaceSelector? objectSelector? resourceRules excludeResourceRules matchPolicy?=7
  MutatingAdmissionPolicy metadata spec
  MutatingAdmissionPolicyBinding metadata spec
  MutatingAdmissionPolicyBindingSpec policyName paramRef? matchResources?
  MutatingAdmissionPolicySpec paramKind? matchConstraints? variables mutations failurePolicy? matchConditions reinvocationPolicy
  MutatingWebhook name! clientConfig rules failurePolicy? matchPolicy?=9 namespaceSelector?=5 objectSelector?=11 sideEffects?=6 timeoutSeconds? admissionReviewVersions reinvocationPolicy?=10 matchConditions=12
  MutatingWebhookConfiguration metadata webhooks
  Mutation patchType!=2 applyConfiguration? jsonPatch?
  NamedRuleWithOperations resourceNames +RuleWithOperations
  ParamKind apiVersion kind
  ParamRef name namespace selector? parameterNotFoundAction?
  Rule apiGroups apiVersions resources scope?
  RuleWithOperations operations +Rule
  ServiceReference namespace! name! path? port?
  TypeChecking expressionWarnings
  ValidatingAdmissionPolicy metadata spec status
  ValidatingAdmissionPolicyBinding metadata spec
  ValidatingAdmissionPolicyBindingSpec policyName paramRef? matchResources? validationActions
  ValidatingAdmissionPolicySpec paramKind? matchConstraints? validations failurePolicy? auditAnnotations matchConditions variables
  ValidatingAdmissionPolicyStatus observedGeneration typeChecking? conditions
  ValidatingWebhook name! clientConfig rules failurePolicy? matchPolicy?=9 namespaceSelector?=5 objectSelector?=10 sideEffects?=6 timeoutSeconds? admissionReviewVersions matchConditions=11
  ValidatingWebhookConfiguration metadata webhooks
  Validation expression! message reason? messageExpression
  Variable name! expression!
  WebhookClientConfig url?=3 service?=1 caBundle
io.k8s.api.admissionregistration.v1alpha1
  Initializer name! rules
  InitializerConfiguration metadata initializers
  Rule apiGroups apiVersions resources
io.k8s.api.apidiscovery.v2
  APIGroupDiscovery metadata versions
  APIResourceDiscovery resource! responseKind? scope! singularResource! verbs shortNames categories subresources
  APISubresourceDiscovery subresource! responseKind? acceptedTypes verbs
  APIVersionDiscovery version! resources freshness
io.k8s.api.apidiscovery.v2beta1
  APIGroupDiscovery metadata versions
  APIResourceDiscovery resource! responseKind? scope! singularResource! verbs shortNames categories subresources
  APISubresourceDiscovery subresource! responseKind? acceptedTypes verbs
  APIVersionDiscovery version! resources freshness
io.k8s.api.apiserverinternal.v1alpha1
  ServerStorageVersion apiServerID encodingVersion decodableVersions servedVersions
  StorageVersion metadata spec status
  StorageVersionCondition type! status! observedGeneration lastTransitionTime reason! message
  StorageVersionSpec
  StorageVersionStatus storageVersions commonEncodingVersion? conditions
io.k8s.api.apps.v1
  ControllerRevision metadata data revision!
  DaemonSet metadata spec status
  DaemonSetCondition type! status! lastTransitionTime reason message
  DaemonSetSpec selector? template updateStrategy minReadySeconds revisionHistoryLimit?=6
  DaemonSetStatus currentNumberScheduled! numberMisscheduled! desiredNumberScheduled! numberReady! observedGeneration updatedNumberScheduled numberAvailable numberUnavailable collisionCount? conditions
  DaemonSetUpdateStrategy type rollingUpdate?
  Deployment metadata spec status
  DeploymentCondition type! status! lastUpdateTime=6 lastTransitionTime reason=4 message
  DeploymentSpec replicas? selector? template strategy minReadySeconds revisionHistoryLimit? paused progressDeadlineSeconds?=9
  DeploymentStatus observedGeneration replicas updatedReplicas readyReplicas=7 availableReplicas=4 unavailableReplicas terminatingReplicas?=9 conditions=6 collisionCount?=8
  DeploymentStrategy type rollingUpdate?
  ReplicaSet metadata spec status
  ReplicaSetCondition type! status! lastTransitionTime reason message
  ReplicaSetSpec replicas? minReadySeconds=4 selector?=2 template
  ReplicaSetStatus replicas! fullyLabeledReplicas readyReplicas=4 availableReplicas terminatingReplicas?=7 observedGeneration=3 conditions=6
  RollingUpdateDaemonSet maxUnavailable? maxSurge?
  RollingUpdateDeployment maxUnavailable? maxSurge?
  RollingUpdateStatefulSetStrategy partition? maxUnavailable?
  StatefulSet metadata spec status
  StatefulSetCondition type! status! lastTransitionTime reason message
  StatefulSetOrdinals start!
  StatefulSetPersistentVolumeClaimRetentionPolicy whenDeleted whenScaled
  StatefulSetSpec replicas? selector? template volumeClaimTemplates serviceName! podManagementPolicy updateStrategy revisionHistoryLimit? minReadySeconds persistentVolumeClaimRetentionPolicy? ordinals?
  StatefulSetStatus observedGeneration replicas! readyReplicas currentReplicas updatedReplicas currentRevision updateRevision collisionCount?=9 conditions availableReplicas!
  StatefulSetUpdateStrategy type rollingUpdate?
io.k8s.api.authentication.v1
  BoundObjectReference kind apiVersion name uid
  SelfSubjectReview metadata status
  SelfSubjectReviewStatus userInfo
  TokenRequest metadata spec status
  TokenRequestSpec audiences expirationSeconds?=4 boundObjectRef?=3
  TokenRequestStatus token! expirationTimestamp
  TokenReview metadata spec status
  TokenReviewSpec token audiences
  TokenReviewStatus authenticated user audiences=4 error=3
  UserInfo username uid groups extra
io.k8s.api.authorization.v1
  FieldSelectorAttributes rawSelector requirements
  LabelSelectorAttributes rawSelector requirements
  LocalSubjectAccessReview metadata spec status
  NonResourceAttributes path verb
  NonResourceRule verbs nonResourceURLs
  ResourceAttributes namespace verb group version resource subresource name fieldSelector? labelSelector?
  ResourceRule verbs apiGroups resources resourceNames
  SelfSubjectAccessReview metadata spec status
  SelfSubjectAccessReviewSpec resourceAttributes? nonResourceAttributes?
  SelfSubjectRulesReview metadata spec status
  SelfSubjectRulesReviewSpec namespace
  SubjectAccessReview metadata spec status
  SubjectAccessReviewSpec resourceAttributes? nonResourceAttributes? user groups extra uid
  SubjectAccessReviewStatus allowed! denied=4 reason=2 evaluationError
  SubjectRulesReviewStatus resourceRules nonResourceRules incomplete! evaluationError
io.k8s.api.autoscaling.v1
  CrossVersionObjectReference kind! name! apiVersion
  HorizontalPodAutoscaler metadata spec status
  HorizontalPodAutoscalerSpec scaleTargetRef minReplicas? maxReplicas! targetCPUUtilizationPercentage?
  HorizontalPodAutoscalerStatus observedGeneration? lastScaleTime? currentReplicas! desiredReplicas! currentCPUUtilizationPercentage?
  Scale metadata spec status
  ScaleSpec replicas
  ScaleStatus replicas! selector
io.k8s.api.autoscaling.v2
  ContainerResourceMetricSource name! target container!
  ContainerResourceMetricStatus name! current container!
  CrossVersionObjectReference kind! name! apiVersion
  ExternalMetricSource metric target
  ExternalMetricStatus metric current
  HPAScalingPolicy type! value! periodSeconds!
  HPAScalingRules stabilizationWindowSeconds?=3 selectPolicy?=1 policies tolerance?=4
  HorizontalPodAutoscaler metadata spec status
  HorizontalPodAutoscalerBehavior scaleUp? scaleDown?
  HorizontalPodAutoscalerCondition type! status! lastTransitionTime reason message
  HorizontalPodAutoscalerSpec scaleTargetRef minReplicas? maxReplicas! metrics behavior?
  HorizontalPodAutoscalerStatus observedGeneration? lastScaleTime? currentReplicas desiredReplicas! currentMetrics conditions
  MetricIdentifier name! selector?
  MetricSpec type! object? pods? resource? containerResource?=7 external?=5
  MetricStatus type! object? pods? resource? containerResource?=7 external?=5
  MetricTarget type! value? averageValue? averageUtilization?
  MetricValueStatus value? averageValue? averageUtilization?
  ObjectMetricSource describedObject target metric
  ObjectMetricStatus metric current describedObject
  PodsMetricSource metric target
  PodsMetricStatus metric current
  ResourceMetricSource name! target
  ResourceMetricStatus name! current
io.k8s.api.batch.v1
  CronJob metadata spec status
  CronJobSpec schedule! timeZone?=8 startingDeadlineSeconds?=2 concurrencyPolicy suspend? jobTemplate successfulJobsHistoryLimit? failedJobsHistoryLimit?
  CronJobStatus active lastScheduleTime?=4 lastSuccessfulTime?
  Job metadata spec status
  JobCondition type! status! lastProbeTime lastTransitionTime reason message
  JobSpec parallelism? completions? activeDeadlineSeconds? podFailurePolicy?=11 successPolicy?=16 backoffLimit?=7 backoffLimitPerIndex?=12 maxFailedIndexes? selector?=4 manualSelector? template ttlSecondsAfterFinished?=8 completionMode? suspend? podReplacementPolicy?=14 managedBy?
  JobStatus conditions startTime? completionTime? active succeeded failed terminating?=11 completedIndexes=7 failedIndexes?=10 uncountedTerminatedPods?=8 ready?
  JobTemplateSpec metadata spec
  PodFailurePolicy rules
  PodFailurePolicyOnExitCodesRequirement containerName? operator! values
  PodFailurePolicyOnPodConditionsPattern type! status!
  PodFailurePolicyRule action! onExitCodes? onPodConditions
  SuccessPolicy rules
  SuccessPolicyRule succeededIndexes? succeededCount?
  UncountedTerminatedPods succeeded failed
io.k8s.api.certificates.v1
  CertificateSigningRequest metadata spec status
  CertificateSigningRequestCondition type! status!=6 reason=2 message lastUpdateTime lastTransitionTime
  CertificateSigningRequestSpec request signerName!=7 expirationSeconds? usages=5 username=2 uid groups extra=6
  CertificateSigningRequestStatus conditions certificate
io.k8s.api.certificates.v1beta1 io.k8s.api.certificates.v1alpha1
  ClusterTrustBundle metadata spec
  ClusterTrustBundleSpec signerName trustBundle!
  PodCertificateRequest metadata spec status
  PodCertificateRequestSpec signerName! podName! podUID! serviceAccountName! serviceAccountUID! nodeName! nodeUID! maxExpirationSeconds? pkixPublicKey! proofOfPossession! stubPKCS10Request!=12 unverifiedUserAnnotations=11
  PodCertificateRequestStatus conditions certificateChain notBefore?=4 beginRefreshAt? notAfter?
io.k8s.api.coordination.v1
  Lease metadata spec
  LeaseSpec holderIdentity? leaseDurationSeconds? acquireTime? renewTime? leaseTransitions? strategy? preferredHolder?
io.k8s.api.coordination.v1beta1 io.k8s.api.coordination.v1alpha2
  LeaseCandidate metadata spec
  LeaseCandidateSpec leaseName! pingTime? renewTime? binaryVersion! emulationVersion strategy
io.k8s.api.core.v1
  AWSElasticBlockStoreVolumeSource volumeID! fsType partition readOnly
  Affinity nodeAffinity? podAffinity? podAntiAffinity?
  AppArmorProfile type! localhostProfile?
  AttachedVolume name! devicePath!
  AzureDiskVolumeSource diskName! diskURI! cachingMode? fsType? readOnly? kind?
  AzureFilePersistentVolumeSource secretName! shareName! readOnly secretNamespace?
  AzureFileVolumeSource secretName! shareName! readOnly
  Binding metadata target
  CSIPersistentVolumeSource driver! volumeHandle! readOnly fsType volumeAttributes controllerPublishSecretRef? nodeStageSecretRef? nodePublishSecretRef? controllerExpandSecretRef? nodeExpandSecretRef?
  CSIVolumeSource driver! readOnly? fsType? volumeAttributes nodePublishSecretRef?
  Capabilities add drop
  CephFSPersistentVolumeSource monitors path user secretFile secretRef? readOnly
  CephFSVolumeSource monitors path user secretFile secretRef? readOnly
  CinderPersistentVolumeSource volumeID! fsType readOnly secretRef?
  CinderVolumeSource volumeID! fsType readOnly secretRef?
  ClientIPConfig timeoutSeconds?
  ClusterTrustBundleProjection name? signerName? labelSelector? optional?=5 path!=4
  ComponentCondition type! status! message error
  ComponentStatus metadata conditions
  ConfigMap metadata immutable?=4 data=2 binaryData
  ConfigMapEnvSource +LocalObjectReference optional?
  ConfigMapKeySelector +LocalObjectReference key! optional?
  ConfigMapNodeConfigSource namespace! name! uid resourceVersion kubeletConfigKey!
  ConfigMapProjection +LocalObjectReference items optional?=4
  ConfigMapVolumeSource +LocalObjectReference items defaultMode? optional?
  Container name! image command args workingDir ports envFrom=19 env=7 resources resizePolicy=23 restartPolicy? restartPolicyRules volumeMounts=9 volumeDevices=21 livenessProbe?=10 readinessProbe? startupProbe?=22 lifecycle?=12 terminationMessagePath terminationMessagePolicy=20 imagePullPolicy=14 securityContext? stdin stdinOnce tty
  ContainerExtendedResourceRequest containerName! resourceName! requestName!
  ContainerImage names sizeBytes
  ContainerPort name hostPort containerPort! protocol hostIP
  ContainerResizePolicy resourceName! restartPolicy!
  ContainerRestartRule action exitCodes?
  ContainerRestartRuleOnExitCodes operator values
  ContainerState waiting? running? terminated?
  ContainerStateRunning startedAt
  ContainerStateTerminated exitCode! signal reason message startedAt finishedAt containerID
  ContainerStateWaiting reason message
  ContainerStatus name! state lastState ready! restartCount! image! imageID! containerID started? allocatedResources resources? volumeMounts user? allocatedResourcesStatus stopSignal?
  ContainerUser linux?
  DaemonEndpoint Port!
  DownwardAPIProjection items
  DownwardAPIVolumeFile path! fieldRef? resourceFieldRef? mode?
  DownwardAPIVolumeSource items defaultMode?
  EmptyDirVolumeSource medium sizeLimit?
  EndpointAddress ip! hostname=3 nodeName? targetRef?=2
  EndpointPort name port! protocol appProtocol?
  EndpointSubset addresses notReadyAddresses ports
  Endpoints metadata subsets
  EnvFromSource prefix configMapRef? secretRef?
  EnvVar name! value valueFrom?
  EnvVarSource fieldRef? resourceFieldRef? configMapKeyRef? secretKeyRef? fileKeyRef?
  EphemeralContainer +EphemeralContainerCommon targetContainerName
  EphemeralContainerCommon name! image command args workingDir ports envFrom=19 env=7 resources resizePolicy=23 restartPolicy? restartPolicyRules volumeMounts=9 volumeDevices=21 livenessProbe?=10 readinessProbe? startupProbe?=22 lifecycle?=12 terminationMessagePath terminationMessagePolicy=20 imagePullPolicy=14 securityContext? stdin stdinOnce tty
  EphemeralVolumeSource volumeClaimTemplate?
  Event metadata involvedObject reason message source firstTimestamp lastTimestamp count type eventTime series? action related? reportingComponent! reportingInstance!
  EventSeries count lastObservedTime
  EventSource component host
  ExecAction command
  FCVolumeSource targetWWNs lun? fsType readOnly wwids
  FileKeySelector volumeName! path! key! optional?
  FlexPersistentVolumeSource driver! fsType secretRef? readOnly options
  FlexVolumeSource driver! fsType secretRef? readOnly options
  FlockerVolumeSource datasetName datasetUUID
  GCEPersistentDiskVolumeSource pdName! fsType partition readOnly
  GRPCAction port! service?
  GitRepoVolumeSource repository! revision directory
  GlusterfsPersistentVolumeSource endpoints! path! readOnly endpointsNamespace?
  GlusterfsVolumeSource endpoints! path! readOnly
  HTTPGetAction path port host scheme httpHeaders
  HTTPHeader name! value!
  HostAlias ip! hostnames
  HostIP ip!
  HostPathVolumeSource path! type?
  ISCSIPersistentVolumeSource targetPortal! iqn! lun! iscsiInterface fsType readOnly portals chapAuthDiscovery chapAuthSession=11 secretRef?=10 initiatorName?=12
  ISCSIVolumeSource targetPortal! iqn! lun! iscsiInterface fsType readOnly portals chapAuthDiscovery chapAuthSession=11 secretRef?=10 initiatorName?=12
  ImageVolumeSource reference pullPolicy
  ImageVolumeStatus imageRef
  KeyToPath key! path! mode?
  Lifecycle postStart? preStop? stopSignal?
  LifecycleHandler exec? httpGet? tcpSocket? sleep?
  LimitRange metadata spec
  LimitRangeItem type! max min default defaultRequest maxLimitRequestRatio
  LimitRangeSpec limits
  LinuxContainerUser uid! gid! supplementalGroups
  LoadBalancerIngress ip hostname ipMode? ports
  LoadBalancerStatus ingress
  LocalObjectReference name
  LocalVolumeSource path! fsType?
  ModifyVolumeStatus targetVolumeAttributesClassName status!
  NFSVolumeSource server! path! readOnly
  Namespace metadata spec status
  NamespaceCondition type! status! lastTransitionTime=4 reason message
  NamespaceSpec finalizers
  NamespaceStatus phase conditions
  Node metadata spec status
  NodeAddress type! address!
  NodeAffinity requiredDuringSchedulingIgnoredDuringExecution? preferredDuringSchedulingIgnoredDuringExecution
  NodeAllocatableResourceClaimStatus resourceClaimName! containers resources
  NodeCondition type! status! lastHeartbeatTime lastTransitionTime reason message
  NodeConfigSource configMap?=2
  NodeConfigStatus assigned? active? lastKnownGood? error
  NodeDaemonEndpoints kubeletEndpoint
  NodeFeatures supplementalGroupsPolicy?
  NodeRuntimeHandler name! features?
  NodeRuntimeHandlerFeatures recursiveReadOnlyMounts? userNamespaces?
  NodeSelector nodeSelectorTerms
  NodeSelectorRequirement key! operator! values
  NodeSelectorTerm matchExpressions matchFields
  NodeSpec podCIDR podCIDRs=7 providerID=3 unschedulable taints configSource? externalID=2
  NodeStatus capacity allocatable phase conditions addresses daemonEndpoints nodeInfo images volumesInUse volumesAttached config? runtimeHandlers features? declaredFeatures
  NodeSwapStatus capacity?
  NodeSystemInfo machineID! systemUUID! bootID! kernelVersion! osImage! containerRuntimeVersion! kubeletVersion! kubeProxyVersion! operatingSystem! architecture! swap?
  ObjectFieldSelector apiVersion fieldPath!
  ObjectReference kind namespace name uid apiVersion resourceVersion fieldPath
  PersistentVolume metadata spec status
  PersistentVolumeClaim metadata spec status
  PersistentVolumeClaimCondition type! status! lastProbeTime lastTransitionTime reason message
  PersistentVolumeClaimSpec accessModes selector?=4 resources=2 volumeName storageClassName?=5 volumeMode? dataSource? dataSourceRef? volumeAttributesClassName?
  PersistentVolumeClaimStatus phase accessModes capacity conditions allocatedResources allocatedResourceStatuses=7 currentVolumeAttributesClassName? modifyVolumeStatus?
  PersistentVolumeClaimTemplate metadata spec
  PersistentVolumeClaimVolumeSource claimName! readOnly
  PersistentVolumeSource gcePersistentDisk? awsElasticBlockStore? hostPath? glusterfs? nfs? rbd? iscsi? cinder? cephfs? fc? flocker? flexVolume? azureFile? vsphereVolume? quobyte? azureDisk? photonPersistentDisk? portworxVolume? scaleIO? local? storageos? csi?
  PersistentVolumeSpec capacity +PersistentVolumeSource accessModes claimRef? persistentVolumeReclaimPolicy storageClassName mountOptions volumeMode? nodeAffinity? volumeAttributesClassName?
  PersistentVolumeStatus phase message reason lastPhaseTransitionTime?
  PhotonPersistentDiskVolumeSource pdID! fsType
  Pod metadata spec status
  PodAffinity requiredDuringSchedulingIgnoredDuringExecution preferredDuringSchedulingIgnoredDuringExecution
  PodAffinityTerm labelSelector? namespaces topologyKey! namespaceSelector? matchLabelKeys mismatchLabelKeys
  PodAntiAffinity requiredDuringSchedulingIgnoredDuringExecution preferredDuringSchedulingIgnoredDuringExecution
  PodCertificateProjection signerName keyType maxExpirationSeconds? credentialBundlePath keyPath certificateChainPath userAnnotations
  PodCondition type! observedGeneration=7 status!=2 lastProbeTime lastTransitionTime reason message
  PodDNSConfig nameservers searches options
  PodDNSConfigOption name value?
  PodExtendedResourceClaimStatus requestMappings resourceClaimName!
  PodIP ip!
  PodOS name!
  PodReadinessGate conditionType!
  PodResourceClaim name! resourceClaimName?=3 resourceClaimTemplateName?
  PodResourceClaimStatus name! resourceClaimName?
  PodSchedulingGate name!
  PodSchedulingGroup podGroupName?
  PodSecurityContext seLinuxOptions? windowsOptions?=8 runAsUser?=2 runAsGroup?=6 runAsNonRoot?=3 supplementalGroups supplementalGroupsPolicy?=12 fsGroup?=5 sysctls=7 fsGroupChangePolicy?=9 seccompProfile? appArmorProfile? seLinuxChangePolicy?=13
  PodSpec volumes initContainers=20 containers=2 ephemeralContainers=34 restartPolicy=3 terminationGracePeriodSeconds? activeDeadlineSeconds? dnsPolicy nodeSelector serviceAccountName serviceAccount automountServiceAccountToken?=21 nodeName=10 hostNetwork hostPID hostIPC shareProcessNamespace?=27 securityContext?=14 imagePullSecrets hostname subdomain affinity? schedulerName tolerations=22 hostAliases priorityClassName priority? dnsConfig? readinessGates=28 runtimeClassName? enableServiceLinks? preemptionPolicy? overhead topologySpreadConstraints setHostnameAsFQDN?=35 os? hostUsers? schedulingGates resourceClaims resources? hostnameOverride? schedulingGroup?=43
  PodStatus observedGeneration=17 phase=1 conditions message reason nominatedNodeName=11 hostIP=5 hostIPs=16 podIP=6 podIPs=12 startTime?=7 initContainerStatuses=10 containerStatuses=8 qosClass ephemeralContainerStatuses=13 resize resourceClaimStatuses extendedResourceClaimStatus?=18 allocatedResources resources? nodeAllocatableResourceClaimStatuses
  PodTemplate metadata template
  PodTemplateSpec metadata spec
  PortStatus port! protocol! error?
  PortworxVolumeSource volumeID! fsType readOnly
  PreferredSchedulingTerm weight! preference
  Probe +ProbeHandler initialDelaySeconds timeoutSeconds periodSeconds successThreshold failureThreshold terminationGracePeriodSeconds?
  ProbeHandler exec? httpGet? tcpSocket? grpc?
  ProjectedVolumeSource sources defaultMode?
  QuobyteVolumeSource registry! volume! readOnly user group tenant
  RBDPersistentVolumeSource monitors image! fsType pool user keyring secretRef? readOnly
  RBDVolumeSource monitors image! fsType pool user keyring secretRef? readOnly
  ReplicationController metadata spec status
  ReplicationControllerCondition type! status! lastTransitionTime reason message
  ReplicationControllerSpec replicas? minReadySeconds=4 selector=2 template?
  ReplicationControllerStatus replicas! fullyLabeledReplicas readyReplicas=4 availableReplicas observedGeneration=3 conditions=6
  ResourceClaim name! request
  ResourceFieldSelector containerName resource! divisor
  ResourceHealth resourceID! health message?=6
  ResourceQuota metadata spec status
  ResourceQuotaSpec hard scopes scopeSelector?
  ResourceQuotaStatus hard used
  ResourceRequirements limits requests claims
  ResourceStatus name! resources
  SELinuxOptions user role type level
  ScaleIOPersistentVolumeSource gateway! system! secretRef? sslEnabled protectionDomain storagePool storageMode volumeName fsType readOnly
  ScaleIOVolumeSource gateway! system! secretRef? sslEnabled protectionDomain storagePool storageMode volumeName fsType readOnly
  ScopeSelector matchExpressions
  ScopedResourceSelectorRequirement scopeName! operator! values
  SeccompProfile type! localhostProfile?
  Secret metadata immutable?=5 data=2 stringData=4 type=3
  SecretEnvSource +LocalObjectReference optional?
  SecretKeySelector +LocalObjectReference key! optional?
  SecretProjection +LocalObjectReference items optional?=4
  SecretReference name namespace
  SecretVolumeSource secretName items defaultMode? optional?
  SecurityContext capabilities? privileged? seLinuxOptions? windowsOptions?=10 runAsUser?=4 runAsGroup?=8 runAsNonRoot?=5 readOnlyRootFilesystem? allowPrivilegeEscalation? procMount?=9 seccompProfile?=11 appArmorProfile?
  Service metadata spec status
  ServiceAccount metadata secrets imagePullSecrets automountServiceAccountToken?
  ServiceAccountTokenProjection audience expirationSeconds? path!
  ServicePort name protocol appProtocol?=6 port!=3 targetPort nodePort
  ServiceSpec ports selector clusterIP clusterIPs=18 type=4 externalIPs sessionAffinity=7 loadBalancerIP loadBalancerSourceRanges externalName externalTrafficPolicy healthCheckNodePort publishNotReadyAddresses sessionAffinityConfig? ipFamilies=19 ipFamilyPolicy?=17 allocateLoadBalancerNodePorts?=20 loadBalancerClass? internalTrafficPolicy? trafficDistribution?
  ServiceStatus loadBalancer conditions
  SessionAffinityConfig clientIP?
  SleepAction seconds!
  StorageOSPersistentVolumeSource volumeName volumeNamespace fsType readOnly secretRef?
  StorageOSVolumeSource volumeName volumeNamespace fsType readOnly secretRef?
  Sysctl name! value!
  TCPSocketAction port host
  Taint key! value effect! timeAdded?
  Toleration key operator value effect tolerationSeconds?
  TopologySelectorLabelRequirement key! values
  TopologySelectorTerm matchLabelExpressions
  TopologySpreadConstraint maxSkew! topologyKey! whenUnsatisfiable! labelSelector? minDomains? nodeAffinityPolicy? nodeTaintsPolicy? matchLabelKeys
  TypedLocalObjectReference apiGroup? kind! name!
  TypedObjectReference apiGroup? kind! name! namespace?
  Volume name! +VolumeSource
  VolumeDevice name! devicePath!
  VolumeMount name! readOnly recursiveReadOnly?=7 mountPath!=3 subPath mountPropagation? subPathExpr
  VolumeMountStatus name! mountPath! readOnly recursiveReadOnly? volumeStatus?
  VolumeNodeAffinity required?
  VolumeProjection secret? downwardAPI? configMap? serviceAccountToken? clusterTrustBundle? podCertificate?
  VolumeResourceRequirements limits requests
  VolumeSource hostPath? emptyDir? gcePersistentDisk? awsElasticBlockStore? gitRepo? secret? nfs? iscsi? glusterfs? persistentVolumeClaim? rbd? flexVolume? cinder? cephfs? flocker? downwardAPI? fc? azureFile? configMap? vsphereVolume? quobyte? azureDisk? photonPersistentDisk? projected?=26 portworxVolume?=24 scaleIO? storageos?=27 csi? ephemeral? image?
  VolumeStatus image?
  VsphereVirtualDiskVolumeSource volumePath! fsType storagePolicyName storagePolicyID
  WeightedPodAffinityTerm weight! podAffinityTerm
  WindowsSecurityContextOptions gmsaCredentialSpecName? gmsaCredentialSpec? runAsUserName? hostProcess?
io.k8s.api.discovery.v1
  Endpoint addresses conditions hostname? targetRef? deprecatedTopology nodeName? zone? hints?
  EndpointConditions ready? serving? terminating?
  EndpointHints forZones forNodes
  EndpointPort name? protocol? port? appProtocol?
  EndpointSlice metadata addressType!=4 endpoints=2 ports
  ForNode name!
  ForZone name!
io.k8s.api.events.v1
  Event metadata eventTime series? reportingController reportingInstance action reason regarding related? note type deprecatedSource deprecatedFirstTimestamp deprecatedLastTimestamp deprecatedCount
  EventSeries count! lastObservedTime
io.k8s.api.flowcontrol.v1
  ExemptPriorityLevelConfiguration nominalConcurrencyShares? lendablePercent?
  FlowDistinguisherMethod type!
  FlowSchema metadata spec status
  FlowSchemaCondition type status lastTransitionTime reason message
  FlowSchemaSpec priorityLevelConfiguration matchingPrecedence! distinguisherMethod? rules
  FlowSchemaStatus conditions
  GroupSubject name!
  LimitResponse type! queuing?
  LimitedPriorityLevelConfiguration nominalConcurrencyShares? limitResponse lendablePercent? borrowingLimitPercent?
  NonResourcePolicyRule verbs nonResourceURLs=6
  PolicyRulesWithSubjects subjects resourceRules nonResourceRules
  PriorityLevelConfiguration metadata spec status
  PriorityLevelConfigurationCondition type status lastTransitionTime reason message
  PriorityLevelConfigurationReference name!
  PriorityLevelConfigurationSpec type! limited? exempt?
  PriorityLevelConfigurationStatus conditions
  QueuingConfiguration queues! handSize! queueLengthLimit!
  ResourcePolicyRule verbs apiGroups resources clusterScope namespaces
  ServiceAccountSubject namespace! name!
  Subject kind! user? group? serviceAccount?
  UserSubject name!
io.k8s.api.networking.v1 io.k8s.api.networking.v1beta1
  HTTPIngressPath path pathType?=3 backend=2
  HTTPIngressRuleValue paths
  IPAddress metadata spec
  IPAddressSpec parentRef?
  IPBlock cidr! except
  Ingress metadata spec status
  IngressBackend service?=4 resource?=3
  IngressClass metadata spec
  IngressClassParametersReference apiGroup? kind! name! scope? namespace?
  IngressClassSpec controller parameters?
  IngressLoadBalancerIngress ip hostname ports=4
  IngressLoadBalancerStatus ingress
  IngressPortStatus port! protocol! error?
  IngressRule host +IngressRuleValue
  IngressRuleValue http?
  IngressServiceBackend name! port
  IngressSpec ingressClassName?=4 defaultBackend?=1 tls rules
  IngressStatus loadBalancer
  IngressTLS hosts secretName
  NetworkPolicy metadata spec
  NetworkPolicyEgressRule ports to
  NetworkPolicyIngressRule ports from
  NetworkPolicyPeer podSelector? namespaceSelector? ipBlock?
  NetworkPolicyPort protocol? port? endPort?
  NetworkPolicySpec podSelector ingress egress policyTypes
  ParentReference group resource namespace name
  ServiceBackendPort name number
  ServiceCIDR metadata spec status
  ServiceCIDRSpec cidrs
  ServiceCIDRStatus conditions
io.k8s.api.node.v1
  Overhead podFixed
  RuntimeClass metadata handler! overhead? scheduling?
  Scheduling nodeSelector tolerations
io.k8s.api.policy.v1
  Eviction metadata deleteOptions?
  PodDisruptionBudget metadata spec status
  PodDisruptionBudgetSpec minAvailable? selector? maxUnavailable? unhealthyPodEvictionPolicy?
  PodDisruptionBudgetStatus observedGeneration disruptedPods disruptionsAllowed! currentHealthy! desiredHealthy! expectedPods! conditions
io.k8s.api.rbac.v1
  AggregationRule clusterRoleSelectors
  ClusterRole metadata rules aggregationRule?
  ClusterRoleBinding metadata subjects roleRef
  PolicyRule verbs apiGroups resources resourceNames nonResourceURLs
  Role metadata rules
  RoleBinding metadata subjects roleRef
  RoleRef apiGroup! kind! name!
  Subject kind! apiGroup name! namespace
io.k8s.api.resource.v1 io.k8s.api.resource.v1beta2
  AllocatedDeviceStatus driver! pool! device! shareID?=7 conditions=4 data? networkData?
  AllocationResult devices nodeSelector?=3 allocationTimestamp?=5
  CELDeviceSelector expression!
  CapacityRequestPolicy default? validValues=3 validRange?
  CapacityRequestPolicyRange min? max? step?
  CapacityRequirements requests
  Counter value
  CounterSet name! counters
  Device name! attributes capacity consumesCounters nodeName? nodeSelector? allNodes? taints bindsToNode? bindingConditions bindingFailureConditions allowMultipleAllocations? nodeAllocatableResourceMappings
  DeviceAllocationConfiguration source! requests +DeviceConfiguration
  DeviceAllocationResult results config
  DeviceAttribute int?=2 bool? string? version? ints bools strings versions
  DeviceCapacity value requestPolicy?
  DeviceClaim requests constraints config
  DeviceClaimConfiguration requests +DeviceConfiguration
  DeviceClass metadata spec
  DeviceClassConfiguration +DeviceConfiguration
  DeviceClassSpec selectors config extendedResourceName?=4
  DeviceConfiguration opaque?
  DeviceConstraint requests matchAttribute? distinctAttribute?
  DeviceCounterConsumption counterSet! counters
  DeviceRequest name! exactly? firstAvailable
  DeviceRequestAllocationResult request! driver! pool! device! adminAccess? tolerations bindingConditions bindingFailureConditions shareID? consumedCapacity
  DeviceSelector cel?
  DeviceSubRequest name! deviceClassName! selectors allocationMode count tolerations capacity?
  DeviceTaint key! value effect! timeAdded?
  DeviceToleration key operator value effect tolerationSeconds?
  ExactDeviceRequest deviceClassName! selectors allocationMode count adminAccess? tolerations capacity?
  NetworkDeviceData interfaceName ips hardwareAddress
  NodeAllocatableResourceMapping capacityKey? allocationMultiplier?
  OpaqueDeviceConfiguration driver! parameters
  ResourceClaim metadata spec status
  ResourceClaimConsumerReference apiGroup resource!=3 name! uid!
  ResourceClaimSpec devices
  ResourceClaimStatus allocation? reservedFor devices=4
  ResourceClaimTemplate metadata spec
  ResourceClaimTemplateSpec metadata spec
  ResourcePool name! generation! resourceSliceCount!
  ResourceSlice metadata spec
  ResourceSliceSpec driver! pool nodeName? nodeSelector? allNodes? devices perDeviceNodeSelection? sharedCounters
io.k8s.api.scheduling.v1
  PriorityClass metadata value! globalDefault description preemptionPolicy?
io.k8s.api.storage.v1 io.k8s.api.storage.v1beta1
  CSIDriver metadata spec
  CSIDriverSpec attachRequired? podInfoOnMount? volumeLifecycleModes storageCapacity? fsGroupPolicy? tokenRequests requiresRepublish? seLinuxMount? nodeAllocatableUpdatePeriodSeconds? serviceAccountTokenInSecrets? preventPodSchedulingIfMissing?
  CSINode metadata spec
  CSINodeDriver name! nodeID! topologyKeys allocatable?
  CSINodeSpec drivers
  CSIStorageCapacity metadata nodeTopology? storageClassName! capacity? maximumVolumeSize?
  StorageClass metadata provisioner! parameters reclaimPolicy? mountOptions allowVolumeExpansion? volumeBindingMode? allowedTopologies
  TokenRequest audience! expirationSeconds?
  VolumeAttachment metadata spec status
  VolumeAttachmentSource persistentVolumeName? inlineVolumeSpec?
  VolumeAttachmentSpec attacher! source nodeName!
  VolumeAttachmentStatus attached! attachmentMetadata attachError? detachError?
  VolumeAttributesClass metadata driverName! parameters
  VolumeError time message errorCode?
  VolumeNodeResources count?
io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1
  CustomResourceColumnDefinition name! type! format description priority jsonPath!
  CustomResourceConversion strategy! webhook?
  CustomResourceDefinition metadata spec status
  CustomResourceDefinitionCondition type! status! lastTransitionTime reason message observedGeneration
  CustomResourceDefinitionNames plural! singular shortNames kind! listKind categories
  CustomResourceDefinitionSpec group! names=3 scope! versions=7 conversion?=9 preserveUnknownFields
  CustomResourceDefinitionStatus conditions acceptedNames storedVersions observedGeneration
  CustomResourceDefinitionVersion name! served! storage! deprecated=7 deprecationWarning? schema?=4 subresources? additionalPrinterColumns selectableFields=9
  CustomResourceSubresourceScale specReplicasPath! statusReplicasPath! labelSelectorPath?
  CustomResourceSubresourceStatus
  CustomResourceSubresources status? scale?
  CustomResourceValidation openAPIV3Schema?
  ExternalDocumentation description url
  JSONSchemaProps id $schema $ref? description type format title default? maximum? exclusiveMaximum minimum? exclusiveMinimum maxLength? minLength? pattern maxItems? minItems? uniqueItems multipleOf? enum maxProperties? minProperties? required items? allOf oneOf anyOf not? properties additionalProperties? patternProperties dependencies additionalItems? definitions externalDocs? example? nullable x-kubernetes-preserve-unknown-fields? x-kubernetes-embedded-resource x-kubernetes-int-or-string x-kubernetes-list-map-keys x-kubernetes-list-type? x-kubernetes-map-type? x-kubernetes-validations
  SelectableField jsonPath!
  ServiceReference namespace! name! path? port?
  ValidationRule rule! message messageExpression reason? fieldPath optionalOldSelf?
  WebhookClientConfig url?=3 service?=1 caBundle
  WebhookConversion clientConfig?=2 conversionReviewVersions
io.k8s.apimachinery.pkg.apis.meta.v1
  APIGroup name! versions preferredVersion serverAddressByClientCIDRs
  APIGroupList groups
  APIResource name! singularName!=6 namespaced!=2 group=8 version kind!=3 verbs[] shortNames categories=7 storageVersionHash=10
  APIResourceList groupVersion! resources
  APIVersions versions serverAddressByClientCIDRs
  Condition type! status! observedGeneration lastTransitionTime reason! message!
  DeleteOptions gracePeriodSeconds? preconditions? orphanDependents? propagationPolicy? dryRun ignoreStoreReadErrorWithClusterBreakingPotential?
  FieldSelectorRequirement key! operator! values
  GroupVersionForDiscovery groupVersion! version!
  GroupVersionKind group! version! kind!
  Initializer name!
  Initializers pending result?
  LabelSelector matchLabels matchExpressions
  LabelSelectorRequirement key! operator! values
  ListMeta selfLink resourceVersion continue remainingItemCount? shardInfo?
  ManagedFieldsEntry manager operation apiVersion time? fieldsType=6 fieldsV1? subresource
  ObjectMeta name generateName namespace selfLink uid resourceVersion generation creationTimestamp deletionTimestamp? deletionGracePeriodSeconds? labels annotations ownerReferences ~initializers?=16 finalizers=14 managedFields=17
  OwnerReference apiVersion!=5 kind!=1 name!=3 uid! controller?=6 blockOwnerDeletion?
  PartialObjectMetadata metadata
  Preconditions uid? resourceVersion?
  ServerAddressByClientCIDR clientCIDR! serverAddress!
  ShardInfo selector!
  Status metadata status message reason details? code
  StatusCause reason message field
  StatusDetails name group kind uid=6 causes=4 retryAfterSeconds
  WatchEvent type! object
io.k8s.apimachinery.pkg.apis.meta.v1beta1
  PartialObjectMetadata metadata
  PartialObjectMetadataList metadata=2 items=1
io.k8s.kube-aggregator.pkg.apis.apiregistration.v1
  APIService metadata spec status
  APIServiceCondition type! status! lastTransitionTime reason message
  APIServiceSpec service? group version insecureSkipTLSVerify caBundle groupPriorityMinimum!=7 versionPriority!
  APIServiceStatus conditions
  ServiceReference namespace name port?
`;

/** The fields of one type. */
interface TypeFields {
  readonly inJson: readonly ProtobufField[];
  readonly byNumber: readonly ProtobufField[];
}

let parsed: ReadonlyMap<string, TypeFields> | undefined;

const listFields: readonly ProtobufField[] = ['metadata', 'items'].map((name, index) => field(name, index + 1));

/** The fields of a type, in the order of their numbers; undefined for types without a form in protobuf. */
export function protobufFields(type: string, schemas: SchemaSource): readonly ProtobufField[] | undefined {
  parsed ??= parse(text);
  const known = parsed.get(type);
  if (known !== undefined) return known.byNumber;
  return schemas.lookup(type)?.properties?.['items'] === undefined ? undefined : listFields;
}

/** Names of the fields of a type as JSON has them in order, those of a kind after its `kind` and `apiVersion`. */
export function jsonFieldNames(type: string, schemas: SchemaSource): readonly string[] {
  const fields = protobufFields(type, schemas) ?? [];
  return (parsed?.get(type)?.inJson ?? fields).flatMap(({ isEmbedded, name }) =>
    isEmbedded ? jsonFieldNames(name, schemas) : [name],
  );
}

function parse(source: string): ReadonlyMap<string, TypeFields> {
  const types = new Map<string, TypeFields>();
  let packages: readonly string[] = [];
  for (const line of source.split('\n')) {
    if (line === '') continue;
    if (!line.startsWith(' ')) {
      packages = line.split(' ');
      continue;
    }
    const [type = '', ...words] = line.trim().split(' ');
    for (const packageName of packages) types.set(`${packageName}.${type}`, parseFields(words, packageName));
  }
  return types;
}

function parseFields(words: readonly string[], packageName: string): TypeFields {
  const fields: ProtobufField[] = [];
  for (const word of words) {
    const [, mark = '', name = '', list = '', kind = '', number = ''] =
      /^([+~]?)([^?!=[]+)(\[\])?([?!]?)(?:=(\d+))?$/.exec(word) ?? [];
    const previous = fields.at(-1)?.number ?? 0;
    const isEmbedded = mark === '+';
    fields.push({
      ...field(isEmbedded ? `${packageName}.${name}` : name, number === '' ? previous + 1 : Number(number)),
      isPointer: kind === '?',
      isKept: kind === '!',
      isEmbedded,
      isWrapped: list !== '',
      isGated: mark === '~',
    });
  }
  return { inJson: fields, byNumber: fields.toSorted((left, right) => left.number - right.number) };
}

function field(name: string, number: number): ProtobufField {
  return { name, number, isPointer: false, isKept: false, isEmbedded: false, isWrapped: false, isGated: false };
}
