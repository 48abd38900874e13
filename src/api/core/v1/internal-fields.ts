/**
 * Fields of the types that the real server works with inside, in their order: it shows these objects when it tells what
 * an update may not change. A line is a type with its fields; a field is a name, in parentheses what the published type
 * calls it where that is more than another first letter, and what it holds:
 *
 *     Name"     a string, empty when it is not set      Name[]Type  a list
 *     Name#     a number, 0                             Name*Type   a struct or null
 *     Name?     a boolean, false                        Name=Type   a struct
 *     Name%     an amount, 0                            Name        anything that may be null
 */
export const internalFields = `
AWSElasticBlockStoreVolumeSource VolumeID" FSType(fsType)" Partition# ReadOnly?
Affinity NodeAffinity*NodeAffinity PodAffinity*PodAffinity PodAntiAffinity*PodAntiAffinity
AllocationResult Devices=DeviceAllocationResult NodeSelector*NodeSelector AllocationTimestamp
AppArmorProfile Type" LocalhostProfile
AzureDiskVolumeSource DiskName" DataDiskURI(diskURI)" CachingMode FSType(fsType) ReadOnly Kind
AzureFilePersistentVolumeSource SecretName" ShareName" ReadOnly? SecretNamespace
AzureFileVolumeSource SecretName" ShareName" ReadOnly?
CELDeviceSelector Expression"
CSIPersistentVolumeSource Driver" VolumeHandle" ReadOnly? FSType(fsType)" VolumeAttributes ControllerPublishSecretRef*SecretReference NodeStageSecretRef*SecretReference NodePublishSecretRef*SecretReference ControllerExpandSecretRef*SecretReference NodeExpandSecretRef*SecretReference
CSIVolumeSource Driver" ReadOnly FSType(fsType) VolumeAttributes NodePublishSecretRef*LocalObjectReference
Capabilities Add Drop
CapacityRequirements Requests
CephFSPersistentVolumeSource Monitors Path" User" SecretFile" SecretRef*SecretReference ReadOnly?
CephFSVolumeSource Monitors Path" User" SecretFile" SecretRef*LocalObjectReference ReadOnly?
CinderPersistentVolumeSource VolumeID" FSType(fsType)" ReadOnly? SecretRef*SecretReference
CinderVolumeSource VolumeID" FSType(fsType)" ReadOnly? SecretRef*LocalObjectReference
ClusterTrustBundleProjection Name SignerName LabelSelector Optional Path"
ConfigMapEnvSource Name" Optional
ConfigMapKeySelector Name" Key" Optional
ConfigMapProjection Name" Items[]KeyToPath Optional
ConfigMapVolumeSource Name" Items[]KeyToPath DefaultMode Optional
Container Name" Image" Command Args WorkingDir" Ports[]ContainerPort EnvFrom[]EnvFromSource Env[]EnvVar Resources=ResourceRequirements ResizePolicy[]ContainerResizePolicy RestartPolicy RestartPolicyRules[]ContainerRestartRule VolumeMounts[]VolumeMount VolumeDevices[]VolumeDevice LivenessProbe*Probe ReadinessProbe*Probe StartupProbe*Probe Lifecycle*Lifecycle TerminationMessagePath" TerminationMessagePolicy" ImagePullPolicy" SecurityContext*SecurityContext Stdin? StdinOnce? TTY(tty)?
ContainerPort Name" HostPort# ContainerPort# Protocol" HostIP"
ContainerResizePolicy ResourceName" RestartPolicy"
ContainerRestartRule Action" ExitCodes*ContainerRestartRuleOnExitCodes
ContainerRestartRuleOnExitCodes Operator" Values
DeviceAllocationConfiguration Source" Requests Opaque*OpaqueDeviceConfiguration
DeviceAllocationResult Results[]DeviceRequestAllocationResult Config[]DeviceAllocationConfiguration
DeviceClaim Requests[]DeviceRequest Constraints[]DeviceConstraint Config[]DeviceClaimConfiguration
DeviceClaimConfiguration Requests Opaque*OpaqueDeviceConfiguration
DeviceConstraint Requests MatchAttribute DistinctAttribute
DeviceRequest Name" Exactly*ExactDeviceRequest FirstAvailable[]DeviceSubRequest
DeviceRequestAllocationResult Request" Driver" Pool" Device" AdminAccess Tolerations[]DeviceToleration BindingConditions BindingFailureConditions ShareID ConsumedCapacity
DeviceSelector CEL(cel)*CELDeviceSelector
DeviceSubRequest Name" DeviceClassName" Selectors[]DeviceSelector AllocationMode" Count# Tolerations[]DeviceToleration Capacity*CapacityRequirements
DeviceToleration Key" Operator" Value" Effect" TolerationSeconds
DownwardAPIProjection Items[]DownwardAPIVolumeFile
DownwardAPIVolumeFile Path" FieldRef*ObjectFieldSelector ResourceFieldRef*ResourceFieldSelector Mode
DownwardAPIVolumeSource Items[]DownwardAPIVolumeFile DefaultMode
EmptyDirVolumeSource Medium" SizeLimit
EnvFromSource Prefix" ConfigMapRef*ConfigMapEnvSource SecretRef*SecretEnvSource
EnvVar Name" Value" ValueFrom*EnvVarSource
EnvVarSource FieldRef*ObjectFieldSelector ResourceFieldRef*ResourceFieldSelector ConfigMapKeyRef*ConfigMapKeySelector SecretKeyRef*SecretKeySelector FileKeyRef*FileKeySelector
EphemeralContainer Name" Image" Command Args WorkingDir" Ports[]ContainerPort EnvFrom[]EnvFromSource Env[]EnvVar Resources=ResourceRequirements ResizePolicy[]ContainerResizePolicy RestartPolicy RestartPolicyRules[]ContainerRestartRule VolumeMounts[]VolumeMount VolumeDevices[]VolumeDevice LivenessProbe*Probe ReadinessProbe*Probe StartupProbe*Probe Lifecycle*Lifecycle TerminationMessagePath" TerminationMessagePolicy" ImagePullPolicy" SecurityContext*SecurityContext Stdin? StdinOnce? TTY(tty)? TargetContainerName"
EphemeralVolumeSource VolumeClaimTemplate*PersistentVolumeClaimTemplate
EventSource Component" Host"
ExactDeviceRequest DeviceClassName" Selectors[]DeviceSelector AllocationMode" Count# AdminAccess Tolerations[]DeviceToleration Capacity*CapacityRequirements
ExecAction Command
ExemptPriorityLevelConfiguration NominalConcurrencyShares LendablePercent
FCVolumeSource TargetWWNs Lun FSType(fsType)" ReadOnly? WWIDs(wwids)
FileKeySelector VolumeName" Path" Key" Optional
FlexPersistentVolumeSource Driver" FSType(fsType)" SecretRef*SecretReference ReadOnly? Options
FlexVolumeSource Driver" FSType(fsType)" SecretRef*LocalObjectReference ReadOnly? Options
FlockerVolumeSource DatasetName" DatasetUUID"
FlowDistinguisherMethod Type"
FlowSchemaSpec PriorityLevelConfiguration=PriorityLevelConfigurationReference MatchingPrecedence# DistinguisherMethod*FlowDistinguisherMethod Rules[]PolicyRulesWithSubjects
FlowSubject Kind" User*UserSubject Group*GroupSubject ServiceAccount*ServiceAccountSubject
GCEPersistentDiskVolumeSource PDName(pdName)" FSType(fsType)" Partition# ReadOnly?
GRPCAction Port# Service
GitRepoVolumeSource Repository" Revision" Directory"
GlusterfsPersistentVolumeSource EndpointsName(endpoints)" Path" ReadOnly? EndpointsNamespace
GlusterfsVolumeSource EndpointsName(endpoints)" Path" ReadOnly?
GroupSubject Name"
HTTPGetAction Path" Port# Host" Scheme" HTTPHeaders(httpHeaders)[]HTTPHeader
HTTPHeader Name" Value"
HostAlias IP(ip)" Hostnames
HostPathVolumeSource Path" Type
ISCSIPersistentVolumeSource TargetPortal" IQN(iqn)" Lun# ISCSIInterface(iscsiInterface)" FSType(fsType)" ReadOnly? Portals DiscoveryCHAPAuth(chapAuthDiscovery)? SessionCHAPAuth(chapAuthSession)? SecretRef*SecretReference InitiatorName
ISCSIVolumeSource TargetPortal" IQN(iqn)" Lun# ISCSIInterface(iscsiInterface)" FSType(fsType)" ReadOnly? Portals DiscoveryCHAPAuth(chapAuthDiscovery)? SessionCHAPAuth(chapAuthSession)? SecretRef*LocalObjectReference InitiatorName
ImageVolumeSource Reference" PullPolicy"
KeyToPath Key" Path" Mode
Lifecycle PostStart*LifecycleHandler PreStop*LifecycleHandler StopSignal
LifecycleHandler Exec*ExecAction HTTPGet(httpGet)*HTTPGetAction TCPSocket(tcpSocket)*TCPSocketAction Sleep*SleepAction
LimitResponse Type" Queuing*QueuingConfiguration
LimitedPriorityLevelConfiguration NominalConcurrencyShares# LimitResponse=LimitResponse LendablePercent BorrowingLimitPercent
LocalObjectReference Name"
LocalVolumeSource Path" FSType(fsType)
ModifyVolumeStatus TargetVolumeAttributesClassName" Status"
NFSVolumeSource Server" Path" ReadOnly?
NodeAffinity RequiredDuringSchedulingIgnoredDuringExecution*NodeSelector PreferredDuringSchedulingIgnoredDuringExecution[]PreferredSchedulingTerm
NodeSelector NodeSelectorTerms[]NodeSelectorTerm
NodeSelectorRequirement Key" Operator" Values
NodeSelectorTerm MatchExpressions[]NodeSelectorRequirement MatchFields[]NodeSelectorRequirement
NonResourcePolicyRule Verbs NonResourceURLs
ObjectFieldSelector APIVersion(apiVersion)" FieldPath"
ObjectReference Kind" Namespace" Name" UID(uid)" APIVersion(apiVersion)" ResourceVersion" FieldPath"
OpaqueDeviceConfiguration Driver" Parameters
PersistentVolumeClaimSpec AccessModes Selector Resources=VolumeResourceRequirements VolumeName" StorageClassName VolumeMode DataSource*TypedLocalObjectReference DataSourceRef*TypedObjectReference VolumeAttributesClassName
PersistentVolumeClaimStatus Phase" AccessModes Capacity Conditions AllocatedResources AllocatedResourceStatuses CurrentVolumeAttributesClassName ModifyVolumeStatus*ModifyVolumeStatus
PersistentVolumeClaimTemplate ObjectMeta(metadata) Spec=PersistentVolumeClaimSpec
PersistentVolumeClaimVolumeSource ClaimName" ReadOnly?
PersistentVolumeSource GCEPersistentDisk(gcePersistentDisk)*GCEPersistentDiskVolumeSource AWSElasticBlockStore(awsElasticBlockStore)*AWSElasticBlockStoreVolumeSource HostPath*HostPathVolumeSource Glusterfs*GlusterfsPersistentVolumeSource NFS(nfs)*NFSVolumeSource RBD(rbd)*RBDPersistentVolumeSource Quobyte*QuobyteVolumeSource ISCSI(iscsi)*ISCSIPersistentVolumeSource FlexVolume*FlexPersistentVolumeSource Cinder*CinderPersistentVolumeSource CephFS(cephfs)*CephFSPersistentVolumeSource FC(fc)*FCVolumeSource Flocker*FlockerVolumeSource AzureFile*AzureFilePersistentVolumeSource VsphereVolume*VsphereVirtualDiskVolumeSource AzureDisk*AzureDiskVolumeSource PhotonPersistentDisk*PhotonPersistentDiskVolumeSource PortworxVolume*PortworxVolumeSource ScaleIO*ScaleIOPersistentVolumeSource Local*LocalVolumeSource StorageOS(storageos)*StorageOSPersistentVolumeSource CSI(csi)*CSIPersistentVolumeSource
PersistentVolumeSpec Capacity GCEPersistentDisk(gcePersistentDisk)*GCEPersistentDiskVolumeSource AWSElasticBlockStore(awsElasticBlockStore)*AWSElasticBlockStoreVolumeSource HostPath*HostPathVolumeSource Glusterfs*GlusterfsPersistentVolumeSource NFS(nfs)*NFSVolumeSource RBD(rbd)*RBDPersistentVolumeSource Quobyte*QuobyteVolumeSource ISCSI(iscsi)*ISCSIPersistentVolumeSource FlexVolume*FlexPersistentVolumeSource Cinder*CinderPersistentVolumeSource CephFS(cephfs)*CephFSPersistentVolumeSource FC(fc)*FCVolumeSource Flocker*FlockerVolumeSource AzureFile*AzureFilePersistentVolumeSource VsphereVolume*VsphereVirtualDiskVolumeSource AzureDisk*AzureDiskVolumeSource PhotonPersistentDisk*PhotonPersistentDiskVolumeSource PortworxVolume*PortworxVolumeSource ScaleIO*ScaleIOPersistentVolumeSource Local*LocalVolumeSource StorageOS(storageos)*StorageOSPersistentVolumeSource CSI(csi)*CSIPersistentVolumeSource AccessModes ClaimRef*ObjectReference PersistentVolumeReclaimPolicy" StorageClassName" MountOptions VolumeMode NodeAffinity*VolumeNodeAffinity VolumeAttributesClassName
PhotonPersistentDiskVolumeSource PdID" FSType(fsType)"
PodAffinity RequiredDuringSchedulingIgnoredDuringExecution[]PodAffinityTerm PreferredDuringSchedulingIgnoredDuringExecution[]WeightedPodAffinityTerm
PodAffinityTerm LabelSelector Namespaces TopologyKey" NamespaceSelector MatchLabelKeys MismatchLabelKeys
PodAntiAffinity RequiredDuringSchedulingIgnoredDuringExecution[]PodAffinityTerm PreferredDuringSchedulingIgnoredDuringExecution[]WeightedPodAffinityTerm
PodCertificateProjection SignerName" KeyType" MaxExpirationSeconds CredentialBundlePath" KeyPath" CertificateChainPath" UserAnnotations
PodCertificateRequestSpec SignerName" PodName" PodUID(podUID)" ServiceAccountName" ServiceAccountUID(serviceAccountUID)" NodeName" NodeUID(nodeUID)" MaxExpirationSeconds PKIXPublicKey(pkixPublicKey) ProofOfPossession(proofOfPossession) StubPKCS10Request(stubPKCS10Request) UnverifiedUserAnnotations
PodDNSConfig Nameservers Searches Options[]PodDNSConfigOption
PodDNSConfigOption Name" Value
PodFailurePolicy Rules[]PodFailurePolicyRule
PodFailurePolicyOnExitCodesRequirement ContainerName Operator" Values
PodFailurePolicyOnPodConditionsPattern Type" Status"
PodFailurePolicyRule Action" OnExitCodes*PodFailurePolicyOnExitCodesRequirement OnPodConditions[]PodFailurePolicyOnPodConditionsPattern
PodOS Name"
PodReadinessGate ConditionType"
PodResourceClaim Name" ResourceClaimName ResourceClaimTemplateName
PodSchedulingGate Name"
PodSchedulingGroup PodGroupName
PodSecurityContext HostNetwork? HostPID? HostIPC? ShareProcessNamespace HostUsers SELinuxOptions(seLinuxOptions)*SELinuxOptions WindowsOptions*WindowsSecurityContextOptions RunAsUser RunAsGroup RunAsNonRoot SupplementalGroups SupplementalGroupsPolicy FSGroup(fsGroup) FSGroupChangePolicy(fsGroupChangePolicy) Sysctls[]Sysctl SeccompProfile*SeccompProfile AppArmorProfile*AppArmorProfile SELinuxChangePolicy(seLinuxChangePolicy)
PodSpec Volumes[]Volume InitContainers[]Container Containers[]Container EphemeralContainers[]EphemeralContainer RestartPolicy" TerminationGracePeriodSeconds ActiveDeadlineSeconds DNSPolicy(dnsPolicy)" NodeSelector ServiceAccountName" AutomountServiceAccountToken NodeName" SecurityContext*PodSecurityContext ImagePullSecrets[]LocalObjectReference Hostname" Subdomain" SetHostnameAsFQDN Affinity*Affinity SchedulerName" Tolerations[]Toleration HostAliases[]HostAlias PriorityClassName" Priority PreemptionPolicy DNSConfig(dnsConfig)*PodDNSConfig ReadinessGates[]PodReadinessGate RuntimeClassName Overhead EnableServiceLinks TopologySpreadConstraints[]TopologySpreadConstraint OS(os)*PodOS SchedulingGates[]PodSchedulingGate ResourceClaims[]PodResourceClaim Resources*ResourceRequirements HostnameOverride SchedulingGroup*PodSchedulingGroup
PolicyRulesWithSubjects Subjects[]FlowSubject ResourceRules[]ResourcePolicyRule NonResourceRules[]NonResourcePolicyRule
PortworxVolumeSource VolumeID" FSType(fsType)" ReadOnly?
PreferredSchedulingTerm Weight# Preference=NodeSelectorTerm
PriorityLevelConfigurationReference Name"
PriorityLevelConfigurationSpec Type" Limited*LimitedPriorityLevelConfiguration Exempt*ExemptPriorityLevelConfiguration
Probe Exec*ExecAction HTTPGet(httpGet)*HTTPGetAction TCPSocket(tcpSocket)*TCPSocketAction GRPC(grpc)*GRPCAction InitialDelaySeconds# TimeoutSeconds# PeriodSeconds# SuccessThreshold# FailureThreshold# TerminationGracePeriodSeconds
ProjectedVolumeSource Sources[]VolumeProjection DefaultMode
QueuingConfiguration Queues# HandSize# QueueLengthLimit#
QuobyteVolumeSource Registry" Volume" ReadOnly? User" Group" Tenant"
RBDPersistentVolumeSource CephMonitors(monitors) RBDImage(image)" FSType(fsType)" RBDPool(pool)" RadosUser(user)" Keyring" SecretRef*SecretReference ReadOnly?
RBDVolumeSource CephMonitors(monitors) RBDImage(image)" FSType(fsType)" RBDPool(pool)" RadosUser(user)" Keyring" SecretRef*LocalObjectReference ReadOnly?
ResourceClaim Name" Request"
ResourceClaimSpec Devices=DeviceClaim
ResourceFieldSelector ContainerName" Resource" Divisor%
ResourcePolicyRule Verbs APIGroups(apiGroups) Resources ClusterScope? Namespaces
ResourceRequirements Limits Requests Claims[]ResourceClaim
SELinuxOptions User" Role" Type" Level"
ScaleIOPersistentVolumeSource Gateway" System" SecretRef*SecretReference SSLEnabled(sslEnabled)? ProtectionDomain" StoragePool" StorageMode" VolumeName" FSType(fsType)" ReadOnly?
ScaleIOVolumeSource Gateway" System" SecretRef*LocalObjectReference SSLEnabled(sslEnabled)? ProtectionDomain" StoragePool" StorageMode" VolumeName" FSType(fsType)" ReadOnly?
SeccompProfile Type" LocalhostProfile
SecretEnvSource Name" Optional
SecretKeySelector Name" Key" Optional
SecretProjection Name" Items[]KeyToPath Optional
SecretReference Name" Namespace"
SecretVolumeSource SecretName" Items[]KeyToPath DefaultMode Optional
SecurityContext Capabilities*Capabilities Privileged SELinuxOptions(seLinuxOptions)*SELinuxOptions WindowsOptions*WindowsSecurityContextOptions RunAsUser RunAsGroup RunAsNonRoot ReadOnlyRootFilesystem AllowPrivilegeEscalation ProcMount SeccompProfile*SeccompProfile AppArmorProfile*AppArmorProfile
ServiceAccountSubject Namespace" Name"
ServiceAccountTokenProjection Audience" ExpirationSeconds# Path"
SleepAction Seconds#
StorageOSPersistentVolumeSource VolumeName" VolumeNamespace" FSType(fsType)" ReadOnly? SecretRef*ObjectReference
StorageOSVolumeSource VolumeName" VolumeNamespace" FSType(fsType)" ReadOnly? SecretRef*LocalObjectReference
SuccessPolicy Rules[]SuccessPolicyRule
SuccessPolicyRule SucceededIndexes SucceededCount
Sysctl Name" Value"
TCPSocketAction Port# Host"
Toleration Key" Operator" Value" Effect" TolerationSeconds
TopologySpreadConstraint MaxSkew# TopologyKey" WhenUnsatisfiable" LabelSelector MinDomains NodeAffinityPolicy NodeTaintsPolicy MatchLabelKeys
TypedLocalObjectReference APIGroup(apiGroup) Kind" Name"
TypedObjectReference APIGroup(apiGroup) Kind" Name" Namespace
UserSubject Name"
Volume Name" HostPath*HostPathVolumeSource EmptyDir*EmptyDirVolumeSource GCEPersistentDisk(gcePersistentDisk)*GCEPersistentDiskVolumeSource AWSElasticBlockStore(awsElasticBlockStore)*AWSElasticBlockStoreVolumeSource GitRepo*GitRepoVolumeSource Secret*SecretVolumeSource NFS(nfs)*NFSVolumeSource ISCSI(iscsi)*ISCSIVolumeSource Glusterfs*GlusterfsVolumeSource PersistentVolumeClaim*PersistentVolumeClaimVolumeSource RBD(rbd)*RBDVolumeSource Quobyte*QuobyteVolumeSource FlexVolume*FlexVolumeSource Cinder*CinderVolumeSource CephFS(cephfs)*CephFSVolumeSource Flocker*FlockerVolumeSource DownwardAPI*DownwardAPIVolumeSource FC(fc)*FCVolumeSource AzureFile*AzureFileVolumeSource ConfigMap*ConfigMapVolumeSource VsphereVolume*VsphereVirtualDiskVolumeSource AzureDisk*AzureDiskVolumeSource PhotonPersistentDisk*PhotonPersistentDiskVolumeSource Projected*ProjectedVolumeSource PortworxVolume*PortworxVolumeSource ScaleIO*ScaleIOVolumeSource StorageOS(storageos)*StorageOSVolumeSource CSI(csi)*CSIVolumeSource Ephemeral*EphemeralVolumeSource Image*ImageVolumeSource
VolumeAttachmentSource PersistentVolumeName InlineVolumeSpec*PersistentVolumeSpec
VolumeAttachmentSpec Attacher" Source=VolumeAttachmentSource NodeName"
VolumeDevice Name" DevicePath"
VolumeMount Name" ReadOnly? RecursiveReadOnly MountPath" SubPath" MountPropagation SubPathExpr"
VolumeNodeAffinity Required*NodeSelector
VolumeProjection Secret*SecretProjection DownwardAPI*DownwardAPIProjection ConfigMap*ConfigMapProjection ServiceAccountToken*ServiceAccountTokenProjection ClusterTrustBundle*ClusterTrustBundleProjection PodCertificate*PodCertificateProjection
VolumeResourceRequirements Limits Requests
VsphereVirtualDiskVolumeSource VolumePath" FSType(fsType)" StoragePolicyName" StoragePolicyID"
WeightedPodAffinityTerm Weight# PodAffinityTerm=PodAffinityTerm
WindowsSecurityContextOptions GMSACredentialSpecName(gmsaCredentialSpecName) GMSACredentialSpec(gmsaCredentialSpec) RunAsUserName HostProcess
`;
