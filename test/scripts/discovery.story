# What the server serves, and what it says of its types.

$ kubectl api-versions | grep -v example.com
| admissionregistration.k8s.io/v1
| apiextensions.k8s.io/v1
| apiregistration.k8s.io/v1
| apps/v1
| authentication.k8s.io/v1
| authorization.k8s.io/v1
| autoscaling/v1
| autoscaling/v2
| batch/v1
| certificates.k8s.io/v1
| coordination.k8s.io/v1
| discovery.k8s.io/v1
| events.k8s.io/v1
| flowcontrol.apiserver.k8s.io/v1
| networking.k8s.io/v1
| node.k8s.io/v1
| policy/v1
| rbac.authorization.k8s.io/v1
| resource.k8s.io/v1
| scheduling.k8s.io/v1
| storage.k8s.io/v1
| v1
$ kubectl api-resources --no-headers | grep -v example.com
| bindings  v1  true  Binding
| componentstatuses  cs  v1  false  ComponentStatus
| configmaps  cm  v1  true  ConfigMap
| endpoints  ep  v1  true  Endpoints
| events  ev  v1  true  Event
| limitranges  limits  v1  true  LimitRange
| namespaces  ns  v1  false  Namespace
| nodes  no  v1  false  Node
| persistentvolumeclaims  pvc  v1  true  PersistentVolumeClaim
| persistentvolumes  pv  v1  false  PersistentVolume
| pods  po  v1  true  Pod
| podtemplates  v1  true  PodTemplate
| replicationcontrollers  rc  v1  true  ReplicationController
| resourcequotas  quota  v1  true  ResourceQuota
| secrets  v1  true  Secret
| serviceaccounts  sa  v1  true  ServiceAccount
| services  svc  v1  true  Service
| mutatingadmissionpolicies  admissionregistration.k8s.io/v1  false  MutatingAdmissionPolicy
| mutatingadmissionpolicybindings  admissionregistration.k8s.io/v1  false  MutatingAdmissionPolicyBinding
| mutatingwebhookconfigurations  admissionregistration.k8s.io/v1  false  MutatingWebhookConfiguration
| validatingadmissionpolicies  admissionregistration.k8s.io/v1  false  ValidatingAdmissionPolicy
| validatingadmissionpolicybindings  admissionregistration.k8s.io/v1  false  ValidatingAdmissionPolicyBinding
| validatingwebhookconfigurations  admissionregistration.k8s.io/v1  false  ValidatingWebhookConfiguration
| customresourcedefinitions  crd,crds  apiextensions.k8s.io/v1  false  CustomResourceDefinition
| apiservices  apiregistration.k8s.io/v1  false  APIService
| controllerrevisions  apps/v1  true  ControllerRevision
| daemonsets  ds  apps/v1  true  DaemonSet
| deployments  deploy  apps/v1  true  Deployment
| replicasets  rs  apps/v1  true  ReplicaSet
| statefulsets  sts  apps/v1  true  StatefulSet
| selfsubjectreviews  authentication.k8s.io/v1  false  SelfSubjectReview
| tokenreviews  authentication.k8s.io/v1  false  TokenReview
| localsubjectaccessreviews  authorization.k8s.io/v1  true  LocalSubjectAccessReview
| selfsubjectaccessreviews  authorization.k8s.io/v1  false  SelfSubjectAccessReview
| selfsubjectrulesreviews  authorization.k8s.io/v1  false  SelfSubjectRulesReview
| subjectaccessreviews  authorization.k8s.io/v1  false  SubjectAccessReview
| horizontalpodautoscalers  hpa  autoscaling/v2  true  HorizontalPodAutoscaler
| cronjobs  cj  batch/v1  true  CronJob
| jobs  batch/v1  true  Job
| certificatesigningrequests  csr  certificates.k8s.io/v1  false  CertificateSigningRequest
| leases  coordination.k8s.io/v1  true  Lease
| endpointslices  discovery.k8s.io/v1  true  EndpointSlice
| events  ev  events.k8s.io/v1  true  Event
| flowschemas  flowcontrol.apiserver.k8s.io/v1  false  FlowSchema
| prioritylevelconfigurations  flowcontrol.apiserver.k8s.io/v1  false  PriorityLevelConfiguration
| ingressclasses  networking.k8s.io/v1  false  IngressClass
| ingresses  ing  networking.k8s.io/v1  true  Ingress
| ipaddresses  ip  networking.k8s.io/v1  false  IPAddress
| networkpolicies  netpol  networking.k8s.io/v1  true  NetworkPolicy
| servicecidrs  networking.k8s.io/v1  false  ServiceCIDR
| runtimeclasses  node.k8s.io/v1  false  RuntimeClass
| poddisruptionbudgets  pdb  policy/v1  true  PodDisruptionBudget
| clusterrolebindings  rbac.authorization.k8s.io/v1  false  ClusterRoleBinding
| clusterroles  rbac.authorization.k8s.io/v1  false  ClusterRole
| rolebindings  rbac.authorization.k8s.io/v1  true  RoleBinding
| roles  rbac.authorization.k8s.io/v1  true  Role
| deviceclasses  resource.k8s.io/v1  false  DeviceClass
| resourceclaims  resource.k8s.io/v1  true  ResourceClaim
| resourceclaimtemplates  resource.k8s.io/v1  true  ResourceClaimTemplate
| resourceslices  resource.k8s.io/v1  false  ResourceSlice
| priorityclasses  pc  scheduling.k8s.io/v1  false  PriorityClass
| csidrivers  storage.k8s.io/v1  false  CSIDriver
| csinodes  storage.k8s.io/v1  false  CSINode
| csistoragecapacities  storage.k8s.io/v1  true  CSIStorageCapacity
| storageclasses  sc  storage.k8s.io/v1  false  StorageClass
| volumeattachments  storage.k8s.io/v1  false  VolumeAttachment
| volumeattributesclasses  vac  storage.k8s.io/v1  false  VolumeAttributesClass
$ kubectl api-resources --namespaced=false --verbs=list -o name | grep -v example.com
| componentstatuses
| namespaces
| nodes
| persistentvolumes
| mutatingadmissionpolicies.admissionregistration.k8s.io
| mutatingadmissionpolicybindings.admissionregistration.k8s.io
| mutatingwebhookconfigurations.admissionregistration.k8s.io
| validatingadmissionpolicies.admissionregistration.k8s.io
| validatingadmissionpolicybindings.admissionregistration.k8s.io
| validatingwebhookconfigurations.admissionregistration.k8s.io
| customresourcedefinitions.apiextensions.k8s.io
| apiservices.apiregistration.k8s.io
| certificatesigningrequests.certificates.k8s.io
| flowschemas.flowcontrol.apiserver.k8s.io
| prioritylevelconfigurations.flowcontrol.apiserver.k8s.io
| ingressclasses.networking.k8s.io
| ipaddresses.networking.k8s.io
| servicecidrs.networking.k8s.io
| runtimeclasses.node.k8s.io
| clusterrolebindings.rbac.authorization.k8s.io
| clusterroles.rbac.authorization.k8s.io
| deviceclasses.resource.k8s.io
| resourceslices.resource.k8s.io
| priorityclasses.scheduling.k8s.io
| csidrivers.storage.k8s.io
| csinodes.storage.k8s.io
| storageclasses.storage.k8s.io
| volumeattachments.storage.k8s.io
| volumeattributesclasses.storage.k8s.io
$ kubectl api-resources --api-group=apps -o wide
| NAME  SHORTNAMES  APIVERSION  NAMESPACED  KIND  VERBS  CATEGORIES
| controllerrevisions  apps/v1  true  ControllerRevision  create,delete,deletecollection,get,list,patch,update,watch
| daemonsets  ds  apps/v1  true  DaemonSet  create,delete,deletecollection,get,list,patch,update,watch  all
| deployments  deploy  apps/v1  true  Deployment  create,delete,deletecollection,get,list,patch,update,watch  all
| replicasets  rs  apps/v1  true  ReplicaSet  create,delete,deletecollection,get,list,patch,update,watch  all
| statefulsets  sts  apps/v1  true  StatefulSet  create,delete,deletecollection,get,list,patch,update,watch  all
$ kubectl explain deployment.spec.strategy.rollingUpdate.maxSurge
| GROUP:  apps
| KIND:  Deployment
| VERSION:  v1
|
| FIELD: maxSurge <IntOrString>
|
|
| DESCRIPTION:
|   The maximum number of pods that can be scheduled above the desired number of
|   pods. Value can be an absolute number (ex: 5) or a percentage of desired
|   pods (ex: 10%). This can not be 0 if MaxUnavailable is 0. Absolute number is
|   calculated from percentage by rounding up. Defaults to 25%. Example: when
|   this is set to 30%, the new ReplicaSet can be scaled up immediately when the
|   rolling update starts, such that the total number of old and new pods do not
|   exceed 130% of desired pods. Once old pods have been killed, new ReplicaSet
|   can be scaled up further, ensuring that total number of pods running at any
|   time during the update is at most 130% of desired pods.
|   IntOrString is a type that can hold an int32 or a string.  When used in JSON
|   or YAML marshalling and unmarshalling, it produces or consumes the inner
|   type.  This allows you to have, for example, a JSON field that can accept a
|   name or number.
|
|
[1.27 1.28 1.29]
| GROUP:  apps
| KIND:  Deployment
| VERSION:  v1
|
| FIELD: maxSurge <IntOrString>
|
| DESCRIPTION:
|   The maximum number of pods that can be scheduled above the desired number of
|   pods. Value can be an absolute number (ex: 5) or a percentage of desired
|   pods (ex: 10%). This can not be 0 if MaxUnavailable is 0. Absolute number is
|   calculated from percentage by rounding up. Defaults to 25%. Example: when
|   this is set to 30%, the new ReplicaSet can be scaled up immediately when the
|   rolling update starts, such that the total number of old and new pods do not
|   exceed 130% of desired pods. Once old pods have been killed, new ReplicaSet
|   can be scaled up further, ensuring that total number of pods running at any
|   time during the update is at most 130% of desired pods.
|   IntOrString is a type that can hold an int32 or a string.  When used in JSON
|   or YAML marshalling and unmarshalling, it produces or consumes the inner
|   type.  This allows you to have, for example, a JSON field that can accept a
|   name or number.
|
|
$ kubectl explain job.spec.completionMode
| GROUP:  batch
| KIND:  Job
| VERSION:  v1
|
| FIELD: completionMode <string>
| ENUM:
|   Indexed
|   NonIndexed
|
| DESCRIPTION:
|   completionMode specifies how Pod completions are tracked. It can be
|   `NonIndexed` (default) or `Indexed`.
|
|   `NonIndexed` means that the Job is considered complete when there have been
|   .spec.completions successfully completed Pods. Each Pod completion is
|   homologous to each other.
|
|   `Indexed` means that the Pods of a Job get an associated completion index
|   from 0 to (.spec.completions - 1), available in the annotation
|   batch.kubernetes.io/job-completion-index. The Job is considered complete
|   when there is one successfully completed Pod for each index. When value is
|   `Indexed`, .spec.completions must be specified and `.spec.parallelism` must
|   be less than or equal to 10^5. In addition, The Pod name takes the form
|   `$(job-name)-$(index)-$(random-string)`, the Pod hostname takes the form
|   `$(job-name)-$(index)`.
|
|   More completion modes can be added in the future. If the Job controller
|   observes a mode that it doesn't recognize, which is possible during upgrades
|   due to version skew, the controller skips updates for the Job.
|
|   Possible enum values:
|   - `"Indexed"` is a Job completion mode. In this mode, the Pods of a Job get
|   an associated completion index from 0 to (.spec.completions - 1). The Job is
|   considered complete when a Pod completes for each completion index.
|   - `"NonIndexed"` is a Job completion mode. In this mode, the Job is
|   considered complete when there have been .spec.completions successfully
|   completed Pods. Pod completions are homologous to each other.
|
|
[1.27 1.28 1.29]
| GROUP:  batch
| KIND:  Job
| VERSION:  v1
|
| FIELD: completionMode <string>
|
| DESCRIPTION:
|   completionMode specifies how Pod completions are tracked. It can be
|   `NonIndexed` (default) or `Indexed`.
|
|   `NonIndexed` means that the Job is considered complete when there have been
|   .spec.completions successfully completed Pods. Each Pod completion is
|   homologous to each other.
|
|   `Indexed` means that the Pods of a Job get an associated completion index
|   from 0 to (.spec.completions - 1), available in the annotation
|   batch.kubernetes.io/job-completion-index. The Job is considered complete
|   when there is one successfully completed Pod for each index. When value is
|   `Indexed`, .spec.completions must be specified and `.spec.parallelism` must
|   be less than or equal to 10^5. In addition, The Pod name takes the form
|   `$(job-name)-$(index)-$(random-string)`, the Pod hostname takes the form
|   `$(job-name)-$(index)`.
|
|   More completion modes can be added in the future. If the Job controller
|   observes a mode that it doesn't recognize, which is possible during upgrades
|   due to version skew, the controller skips updates for the Job.
|
|   Possible enum values:
|   - `"Indexed"` is a Job completion mode. In this mode, the Pods of a Job get
|   an associated completion index from 0 to (.spec.completions - 1). The Job is
|   considered complete when a Pod completes for each completion index.
|   - `"NonIndexed"` is a Job completion mode. In this mode, the Job is
|   considered complete when there have been .spec.completions successfully
|   completed Pods. Pod completions are homologous to each other.
|
|
$ kubectl explain nothing
! the server doesn't have a resource type "nothing"
? 1
$ kubectl explain pod.nothing
| KIND:  Pod
| VERSION:  v1
|
! error: field "nothing" does not exist
? 1
$ kubectl get --raw /healthz
| ok
$ kubectl get --raw /api
| {"kind":"APIVersions","versions":["v1"],"serverAddressByClientCIDRs":[{"clientCIDR":"0.0.0.0/0","serverAddress":"<server>"}]}
$ kubectl get nothing
! error: the server doesn't have a resource type "nothing"
? 1
$ kubectl get configmap nothing
! Error from server (NotFound): configmaps "nothing" not found
? 1
$ kubectl get pods --field-selector=nothing=x
! Error from server (BadRequest): Unable to find "/v1, Resource=pods" that match label selector "", field selector "nothing=x": field label not supported: nothing
? 1
$ kubectl get pods -l 'a in (b'
! Error from server (BadRequest): Unable to find "/v1, Resource=pods" that match label selector "a in (b", field selector "": unable to parse requirement: found '', expected: ',' or ')'
? 1
