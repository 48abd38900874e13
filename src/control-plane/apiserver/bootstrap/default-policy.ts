/**
 * Default policy of RBAC: a line for each role with its rules below it (verbs | groups | resources | names, or
 * verbs | urls), and a line for each binding. `to(x)` marks a role that adds to the aggregated role x, `from(x)` the
 * aggregated role itself. Lines with `?GATE` before them are there when that feature gate is open.
 */
export const defaultPolicyText = `
clusterrole admin from(admin)
clusterrole cluster-admin
  * | * | *
  * | urls *
clusterrole edit to(admin) from(edit)
clusterrole system:aggregate-to-admin to(admin)
  create | authorization.k8s.io | localsubjectaccessreviews
  create,delete,deletecollection,get,list,patch,update,watch | rbac.authorization.k8s.io | rolebindings,roles
clusterrole system:aggregate-to-edit to(edit)
  get,list,watch | "" | pods/attach,pods/exec,pods/portforward,pods/proxy,secrets,services/proxy
  impersonate | "" | serviceaccounts
  create,delete,deletecollection,patch,update | "" | pods,pods/attach,pods/exec,pods/portforward,pods/proxy
  create | "" | pods/eviction
  create,delete,deletecollection,patch,update | "" | configmaps,persistentvolumeclaims,replicationcontrollers,replicationcontrollers/scale,secrets,serviceaccounts,services,services/proxy
  create | "" | serviceaccounts/token
  create,delete,deletecollection,patch,update | "",events.k8s.io | events
  create,delete,deletecollection,patch,update | apps | daemonsets,deployments,deployments/rollback,deployments/scale,replicasets,replicasets/scale,statefulsets,statefulsets/scale
  create,delete,deletecollection,patch,update | autoscaling | horizontalpodautoscalers
  create,delete,deletecollection,patch,update | batch | cronjobs,jobs
  create,delete,deletecollection,patch,update | extensions | daemonsets,deployments,deployments/rollback,deployments/scale,ingresses,networkpolicies,replicasets,replicasets/scale,replicationcontrollers/scale
  create,delete,deletecollection,patch,update | policy | poddisruptionbudgets
  create,delete,deletecollection,patch,update | networking.k8s.io | ingresses,networkpolicies
  create,delete,deletecollection,get,list,patch,update,watch | coordination.k8s.io | leases
  create,delete,deletecollection,patch,update | resource.k8s.io | resourceclaims,resourceclaimtemplates
clusterrole system:aggregate-to-view to(view)
  get,list,watch | "" | configmaps,endpoints,persistentvolumeclaims,persistentvolumeclaims/status,pods,replicationcontrollers,replicationcontrollers/scale,serviceaccounts,services,services/status
  get,list,watch | "" | bindings,limitranges,namespaces/status,pods/log,pods/status,replicationcontrollers/status,resourcequotas,resourcequotas/status
  get,list,watch | "" | namespaces
  get,list,watch | "",events.k8s.io | events
  get,list,watch | discovery.k8s.io | endpointslices
  get,list,watch | apps | controllerrevisions,daemonsets,daemonsets/status,deployments,deployments/scale,deployments/status,replicasets,replicasets/scale,replicasets/status,statefulsets,statefulsets/scale,statefulsets/status
  get,list,watch | autoscaling | horizontalpodautoscalers,horizontalpodautoscalers/status
  get,list,watch | batch | cronjobs,cronjobs/status,jobs,jobs/status
  get,list,watch | extensions | daemonsets,daemonsets/status,deployments,deployments/scale,deployments/status,ingresses,ingresses/status,networkpolicies,replicasets,replicasets/scale,replicasets/status,replicationcontrollers/scale
  get,list,watch | policy | poddisruptionbudgets,poddisruptionbudgets/status
  get,list,watch | networking.k8s.io | ingresses,ingresses/status,networkpolicies
  get,list,watch | resource.k8s.io | resourceclaims,resourceclaims/status,resourceclaimtemplates
clusterrole system:auth-delegator
  create | authentication.k8s.io | tokenreviews
  create | authorization.k8s.io | subjectaccessreviews
clusterrole system:basic-user
  create | authorization.k8s.io | selfsubjectaccessreviews,selfsubjectrulesreviews
  create | authentication.k8s.io | selfsubjectreviews
clusterrole system:certificates.k8s.io:certificatesigningrequests:nodeclient
  create | certificates.k8s.io | certificatesigningrequests/nodeclient
clusterrole system:certificates.k8s.io:certificatesigningrequests:selfnodeclient
  create | certificates.k8s.io | certificatesigningrequests/selfnodeclient
clusterrole system:certificates.k8s.io:kube-apiserver-client-approver
  approve | certificates.k8s.io | signers | names kubernetes.io/kube-apiserver-client
clusterrole system:certificates.k8s.io:kube-apiserver-client-kubelet-approver
  approve | certificates.k8s.io | signers | names kubernetes.io/kube-apiserver-client-kubelet
clusterrole system:certificates.k8s.io:kubelet-serving-approver
  approve | certificates.k8s.io | signers | names kubernetes.io/kubelet-serving
clusterrole system:certificates.k8s.io:legacy-unknown-approver
  approve | certificates.k8s.io | signers | names kubernetes.io/legacy-unknown
clusterrole system:controller:attachdetach-controller
  list,watch | "" | persistentvolumeclaims,persistentvolumes
  get,list,watch | "" | nodes
  patch,update | "" | nodes/status
  list,watch | "" | pods
  create,patch,update | "",events.k8s.io | events
  create,delete,get,list,watch | storage.k8s.io | volumeattachments
  get,list,watch | storage.k8s.io | csidrivers
  get,list,watch | storage.k8s.io | csinodes
clusterrole system:controller:certificate-controller
  delete,get,list,watch | certificates.k8s.io | certificatesigningrequests
  update | certificates.k8s.io | certificatesigningrequests/approval,certificatesigningrequests/status
  approve | certificates.k8s.io | signers | names kubernetes.io/kube-apiserver-client-kubelet
  sign | certificates.k8s.io | signers | names kubernetes.io/kube-apiserver-client,kubernetes.io/kube-apiserver-client-kubelet,kubernetes.io/kubelet-serving,kubernetes.io/legacy-unknown
  create | authorization.k8s.io | subjectaccessreviews
  create,patch,update | "",events.k8s.io | events
clusterrole system:controller:clusterrole-aggregation-controller
  escalate,get,list,patch,update,watch | rbac.authorization.k8s.io | clusterroles
clusterrole system:controller:cronjob-controller
  get,list,update,watch | batch | cronjobs
  create,delete,get,list,patch,update,watch | batch | jobs
  update | batch | cronjobs/status
  update | batch | cronjobs/finalizers
  delete,list,watch | "" | pods
  create,patch,update | "",events.k8s.io | events
clusterrole system:controller:daemon-set-controller
  get,list,watch | apps,extensions | daemonsets
  update | apps,extensions | daemonsets/status
  update | apps,extensions | daemonsets/finalizers
  list,watch | "" | nodes
  create,delete,list,patch,watch | "" | pods
  create | "" | pods/binding
  create,delete,get,list,patch,update,watch | apps | controllerrevisions
  create,patch,update | "",events.k8s.io | events
clusterrole system:controller:deployment-controller
  get,list,update,watch | apps,extensions | deployments
  update | apps,extensions | deployments/status
  update | apps,extensions | deployments/finalizers
  create,delete,get,list,patch,update,watch | apps,extensions | replicasets
  get,list,update,watch | "" | pods
  create,patch,update | "",events.k8s.io | events
clusterrole system:controller:device-taint-eviction-controller
  delete,get,list,watch | "" | pods
  patch,update | "" | pods/status
  get,list,watch | resource.k8s.io | resourceclaims
  get,list,watch | resource.k8s.io | resourceslices
  get,list,watch | resource.k8s.io | deviceclasses
  create,patch,update | "",events.k8s.io | events
clusterrole system:controller:disruption-controller
  get,list,watch | apps,extensions | deployments
  get,list,watch | apps,extensions | replicasets
  get,list,watch | "" | replicationcontrollers
  get,list,watch | policy | poddisruptionbudgets
  get,list,watch | apps | statefulsets
  update | policy | poddisruptionbudgets/status
  patch,update | "" | pods/status
  get | * | */scale
  create,patch,update | "",events.k8s.io | events
clusterrole system:controller:endpoint-controller
  get,list,watch | "" | pods,services
  create,delete,get,list,update,watch | "" | endpoints
  create | "" | endpoints/restricted
  create,patch,update | "",events.k8s.io | events
clusterrole system:controller:endpointslice-controller
  get,list,watch | "" | nodes,pods,services
  update | "" | services/finalizers
  create,delete,get,list,update,watch | discovery.k8s.io | endpointslices
  create | discovery.k8s.io | endpointslices/restricted
  create,patch,update | "",events.k8s.io | events
clusterrole system:controller:endpointslicemirroring-controller
  get,list,watch | "" | endpoints,services
  update | "" | services/finalizers
  update | "" | endpoints/finalizers
  create,delete,get,list,update,watch | discovery.k8s.io | endpointslices
  create | discovery.k8s.io | endpointslices/restricted
  create,patch,update | "",events.k8s.io | events
clusterrole system:controller:ephemeral-volume-controller
  get,list,watch | "" | pods
  update | "" | pods/finalizers
  create,get,list,watch | "" | persistentvolumeclaims
  create,patch,update | "",events.k8s.io | events
clusterrole system:controller:expand-controller
  get,list,patch,update,watch | "" | persistentvolumes
  patch,update | "" | persistentvolumeclaims/status
  get,list,watch | "" | persistentvolumeclaims
  create,patch,update | "",events.k8s.io | events
clusterrole system:controller:generic-garbage-collector
  delete,get,list,patch,update,watch | * | *
  create,patch,update | "",events.k8s.io | events
clusterrole system:controller:horizontal-pod-autoscaler
  get,list,watch | autoscaling | horizontalpodautoscalers
  update | autoscaling | horizontalpodautoscalers/status
  get,update | * | */scale
  list,watch | "" | pods
  list,watch | metrics.k8s.io | pods
  get,list,watch | custom.metrics.k8s.io | *
  get,list,watch | external.metrics.k8s.io | *
  create,patch,update | "",events.k8s.io | events
clusterrole system:controller:job-controller
  get,list,patch,update,watch | batch | jobs
  update | batch | jobs/status
  update | batch | jobs/finalizers
  create,delete,list,patch,watch | "" | pods
  create,patch,update | "",events.k8s.io | events
?ClusterTrustBundle clusterrole system:controller:kube-apiserver-serving-clustertrustbundle-publisher
  ?ClusterTrustBundle attest | certificates.k8s.io | signers | names kubernetes.io/kube-apiserver-serving
  ?ClusterTrustBundle create,delete,list,update,watch | certificates.k8s.io | clustertrustbundles
  ?ClusterTrustBundle create,patch,update | "",events.k8s.io | events
clusterrole system:controller:legacy-service-account-token-cleaner
  get | "" | configmaps | names kube-apiserver-legacy-service-account-token-tracking
  delete,patch | "" | secrets
clusterrole system:controller:namespace-controller
  delete,get,list,watch | "" | namespaces
  update | "" | namespaces/finalize,namespaces/status
  delete,deletecollection,get,list,watch | * | *
clusterrole system:controller:node-controller
  delete,get,list,patch,update,watch | "" | nodes
  patch,update | "" | nodes/status
  patch,update | "" | pods/status
  delete,get,list,watch | "" | pods
  create,patch,update | "",events.k8s.io | events
clusterrole system:controller:persistent-volume-binder
  create,delete,get,list,update,watch | "" | persistentvolumes
  update | "" | persistentvolumes/status
  get,list,update,watch | "" | persistentvolumeclaims
  update | "" | persistentvolumeclaims/status
  create,delete,get,list,watch | "" | pods
  get,list,watch | storage.k8s.io | storageclasses
  list,watch | "" | nodes
  create,patch,update | "",events.k8s.io | events
  watch | "" | events
clusterrole system:controller:pod-garbage-collector
  delete,list,watch | "" | pods
  get,list,watch | "" | nodes
  patch | "" | pods/status
clusterrole system:controller:pv-protection-controller
  get,list,update,watch | "" | persistentvolumes
  create,patch,update | "",events.k8s.io | events
?PodCertificateRequest clusterrole system:controller:podcertificaterequestcleaner
  ?PodCertificateRequest delete,get,list,watch | certificates.k8s.io | podcertificaterequests
clusterrole system:controller:pvc-protection-controller
  get,list,update,watch | "" | persistentvolumeclaims
  update | "" | persistentvolumeclaims/status
  get,list,watch | "" | pods
  create,patch,update | "",events.k8s.io | events
clusterrole system:controller:replicaset-controller
  get,list,update,watch | apps,extensions | replicasets
  update | apps,extensions | replicasets/status
  update | apps,extensions | replicasets/finalizers
  create,delete,list,patch,watch | "" | pods
  create,patch,update | "",events.k8s.io | events
clusterrole system:controller:replication-controller
  get,list,update,watch | "" | replicationcontrollers
  update | "" | replicationcontrollers/status
  update | "" | replicationcontrollers/finalizers
  create,delete,list,patch,watch | "" | pods
  create,patch,update | "",events.k8s.io | events
clusterrole system:controller:resource-claim-controller
  get,list,watch | "" | pods
  update | "" | pods/finalizers
  create,delete,get,list,watch | resource.k8s.io | resourceclaims
  patch,update | resource.k8s.io | resourceclaims,resourceclaims/status
  patch,update | "" | pods/status
  create,patch,update | "",events.k8s.io | events
  patch,update | resource.k8s.io | resourceclaims/binding
clusterrole system:controller:resourcequota-controller
  list,watch | * | *
  update | "" | resourcequotas/status
  create,patch,update | "",events.k8s.io | events
clusterrole system:controller:root-ca-cert-publisher
  create,update | "" | configmaps
  create,patch,update | "",events.k8s.io | events
clusterrole system:controller:route-controller
  list,watch | "" | nodes
  patch | "" | nodes/status
  create,patch,update | "",events.k8s.io | events
clusterrole system:controller:selinux-warning-controller
  create,patch,update | "",events.k8s.io | events
  get,list,watch | "" | persistentvolumes
  get,list,watch | "" | persistentvolumeclaims
  get,list,watch | "" | pods
  get,list,watch | storage.k8s.io | csidrivers
clusterrole system:controller:service-account-controller
  create | "" | serviceaccounts
  create,patch,update | "",events.k8s.io | events
clusterrole system:controller:service-cidrs-controller
  get,list,patch,update,watch | networking.k8s.io | servicecidrs
  patch,update | networking.k8s.io | servicecidrs/finalizers
  patch,update | networking.k8s.io | servicecidrs/status
  get,list,watch | networking.k8s.io | ipaddresses
  create,patch,update | "",events.k8s.io | events
clusterrole system:controller:service-controller
  get,list,watch | "" | services
  patch,update | "" | services/status
  list,watch | "" | nodes
  create,patch,update | "",events.k8s.io | events
clusterrole system:controller:statefulset-controller
  list,watch | "" | pods
  get,list,watch | apps | statefulsets
  update | apps | statefulsets/status
  update | apps | statefulsets/finalizers
  create,delete,get,patch,update | "" | pods
  create,delete,get,list,patch,update,watch | apps | controllerrevisions
  create,get,list,watch | "" | persistentvolumeclaims
  delete,update | "" | persistentvolumeclaims
  update | "" | pods/finalizers
  create,patch,update | "",events.k8s.io | events
clusterrole system:controller:ttl-after-finished-controller
  delete,get,list,watch | batch | jobs
  create,patch,update | "",events.k8s.io | events
clusterrole system:controller:ttl-controller
  list,patch,update,watch | "" | nodes
  create,patch,update | "",events.k8s.io | events
clusterrole system:controller:validatingadmissionpolicy-status-controller
  get,list,watch | admissionregistration.k8s.io | validatingadmissionpolicies
  get,patch,update | admissionregistration.k8s.io | validatingadmissionpolicies/status
  create,patch,update | "",events.k8s.io | events
clusterrole system:controller:volumeattributesclass-protection-controller
  get,list,watch | "" | persistentvolumeclaims
  get,list,watch | "" | persistentvolumes
  get,list,update,watch | storage.k8s.io | volumeattributesclasses
  create,patch,update | "",events.k8s.io | events
?ClusterTrustBundle clusterrole system:cluster-trust-bundle-discovery
  ?ClusterTrustBundle get,list,watch | certificates.k8s.io | clustertrustbundles
clusterrole system:discovery
  get | urls /api,/api/*,/apis,/apis/*,/healthz,/livez,/openapi,/openapi/*,/readyz,/version,/version/
clusterrole system:heapster
  get,list,watch | "" | events,namespaces,nodes,pods
  get,list,watch | extensions | deployments
clusterrole system:kube-aggregator
  get,list,watch | "" | endpoints,services
clusterrole system:kube-controller-manager
  create,patch,update | "",events.k8s.io | events
  create | coordination.k8s.io | leases
  get,update | coordination.k8s.io | leases | names kube-controller-manager
  create | "" | secrets,serviceaccounts
  delete | "" | secrets
  get | "" | configmaps,namespaces,secrets,serviceaccounts
  update | "" | secrets,serviceaccounts
  create | authentication.k8s.io | tokenreviews
  create | authorization.k8s.io | subjectaccessreviews
  list,watch | * | *
  create | "" | serviceaccounts/token
clusterrole system:kube-dns
  list,watch | "" | endpoints,services
clusterrole system:kube-scheduler
  create,patch,update | "",events.k8s.io | events
  create | coordination.k8s.io | leases
  get,list,update,watch | coordination.k8s.io | leases | names kube-scheduler
  create,delete,deletecollection,get,list,patch,update,watch | coordination.k8s.io | leasecandidates
  get,list,watch | "" | nodes
  delete,get,list,watch | "" | pods
  create | "" | bindings,pods/binding
  patch,update | "" | pods/status
  get,list,watch | "" | replicationcontrollers,services
  get,list,watch | apps,extensions | replicasets
  get,list,watch | apps | statefulsets
  get,list,watch | policy | poddisruptionbudgets
  get,list,watch | "" | persistentvolumeclaims,persistentvolumes
  create | authentication.k8s.io | tokenreviews
  create | authorization.k8s.io | subjectaccessreviews
  get,list,watch | storage.k8s.io | csinodes
  get,list,watch | storage.k8s.io | volumeattachments
  get,list,watch | "" | namespaces
  get,list,watch | storage.k8s.io | csidrivers
  get,list,watch | storage.k8s.io | csistoragecapacities
  get,list,watch | resource.k8s.io | deviceclasses
  get,list,patch,update,watch | resource.k8s.io | resourceclaims
  get,list,patch,update,watch | resource.k8s.io | resourceclaims/status
  update | "" | pods/finalizers
  get,list,watch | resource.k8s.io | resourceslices
  create,delete | resource.k8s.io | resourceclaims
  patch,update | resource.k8s.io | resourceclaims/binding
clusterrole system:kubelet-api-admin
  get,list,watch | "" | nodes
  proxy | "" | nodes
  * | "" | nodes/log,nodes/metrics,nodes/proxy,nodes/stats
  * | "" | nodes/configz,nodes/healthz,nodes/pods
clusterrole system:monitoring
  get | urls /flagz,/healthz,/healthz/*,/livez,/livez/*,/metrics,/metrics/slis,/readyz,/readyz/*,/statusz
  get | "" | nodes/metrics
clusterrole system:node
  create | authentication.k8s.io | tokenreviews
  create | authorization.k8s.io | localsubjectaccessreviews,subjectaccessreviews
  get,list,watch | "" | services
  create,get,list,watch | "" | nodes
  patch,update | "" | nodes/status
  patch,update | "" | nodes
  create,patch,update | "",events.k8s.io | events
  get,list,watch | "" | pods
  create,delete | "" | pods
  patch,update | "" | pods/status
  create | "" | pods/eviction
  get,list,watch | "" | configmaps,secrets
  get | "" | persistentvolumeclaims,persistentvolumes
  get | "" | endpoints
  create,get,list,watch | certificates.k8s.io | certificatesigningrequests
  create,delete,get,patch,update | coordination.k8s.io | leases
  get | storage.k8s.io | volumeattachments
  create | "" | serviceaccounts/token
  get,patch,update | "" | persistentvolumeclaims/status
  get,list,watch | storage.k8s.io | csidrivers
  create,delete,get,patch,update | storage.k8s.io | csinodes
  get,list,watch | node.k8s.io | runtimeclasses
  get | resource.k8s.io | resourceclaims
  deletecollection | resource.k8s.io | resourceslices
  ?ClusterTrustBundle get,list,watch | certificates.k8s.io | clustertrustbundles
  get | "" | serviceaccounts
  ?PodCertificateRequest create,get,list,watch | certificates.k8s.io | podcertificaterequests
clusterrole system:node-bootstrapper
  create,get,list,watch | certificates.k8s.io | certificatesigningrequests
clusterrole system:node-problem-detector
  get | "" | nodes
  patch | "" | nodes/status
  create,patch,update | "",events.k8s.io | events
clusterrole system:node-proxier
  list,watch | "" | endpoints,services
  get,list,watch | "" | nodes
  create,patch,update | "",events.k8s.io | events
  list,watch | networking.k8s.io | servicecidrs
  list,watch | discovery.k8s.io | endpointslices
clusterrole system:persistent-volume-provisioner
  create,delete,get,list,watch | "" | persistentvolumes
  get,list,update,watch | "" | persistentvolumeclaims
  get,list,watch | storage.k8s.io | storageclasses
  watch | "" | events
  create,patch,update | "",events.k8s.io | events
clusterrole system:public-info-viewer
  get | urls /healthz,/livez,/readyz,/version,/version/
clusterrole system:service-account-issuer-discovery
  get | urls /.well-known/openid-configuration,/.well-known/openid-configuration/,/openid/v1/jwks,/openid/v1/jwks/
clusterrole system:volume-scheduler
  get,list,patch,update,watch | "" | persistentvolumes
  get,list,watch | storage.k8s.io | storageclasses
  get,list,patch,update,watch | "" | persistentvolumeclaims
clusterrole view to(edit) from(view)
role kube-public/system:controller:bootstrap-signer
  get,list,watch | "" | configmaps
  update | "" | configmaps | names cluster-info
  create,patch,update | "",events.k8s.io | events
role kube-system/extension-apiserver-authentication-reader
  get,list,watch | "" | configmaps | names extension-apiserver-authentication
role kube-system/system::leader-locking-kube-controller-manager
  create,get,list,update,watch | coordination.k8s.io | leases
  create,get,list,update,watch | coordination.k8s.io | leasecandidates
role kube-system/system::leader-locking-kube-scheduler
  create,get,list,update,watch | coordination.k8s.io | leases
  create,get,list,update,watch | coordination.k8s.io | leasecandidates
role kube-system/system:controller:bootstrap-signer
  get,list,watch | "" | secrets
role kube-system/system:controller:cloud-provider
  create,get,list,watch | "" | configmaps
role kube-system/system:controller:token-cleaner
  delete,get,list,watch | "" | secrets
  create,patch,update | "",events.k8s.io | events
clusterrolebinding cluster-admin -> cluster-admin : group system:masters
clusterrolebinding system:basic-user -> system:basic-user : group system:authenticated
?ClusterTrustBundle clusterrolebinding system:cluster-trust-bundle-discovery -> system:cluster-trust-bundle-discovery : group system:serviceaccounts
clusterrolebinding system:controller:attachdetach-controller -> system:controller:attachdetach-controller : account kube-system/attachdetach-controller
clusterrolebinding system:controller:certificate-controller -> system:controller:certificate-controller : account kube-system/certificate-controller
clusterrolebinding system:controller:clusterrole-aggregation-controller -> system:controller:clusterrole-aggregation-controller : account kube-system/clusterrole-aggregation-controller
clusterrolebinding system:controller:cronjob-controller -> system:controller:cronjob-controller : account kube-system/cronjob-controller
clusterrolebinding system:controller:daemon-set-controller -> system:controller:daemon-set-controller : account kube-system/daemon-set-controller
clusterrolebinding system:controller:deployment-controller -> system:controller:deployment-controller : account kube-system/deployment-controller
clusterrolebinding system:controller:device-taint-eviction-controller -> system:controller:device-taint-eviction-controller : account kube-system/device-taint-eviction-controller
clusterrolebinding system:controller:disruption-controller -> system:controller:disruption-controller : account kube-system/disruption-controller
clusterrolebinding system:controller:endpoint-controller -> system:controller:endpoint-controller : account kube-system/endpoint-controller
clusterrolebinding system:controller:endpointslice-controller -> system:controller:endpointslice-controller : account kube-system/endpointslice-controller
clusterrolebinding system:controller:endpointslicemirroring-controller -> system:controller:endpointslicemirroring-controller : account kube-system/endpointslicemirroring-controller
clusterrolebinding system:controller:ephemeral-volume-controller -> system:controller:ephemeral-volume-controller : account kube-system/ephemeral-volume-controller
clusterrolebinding system:controller:expand-controller -> system:controller:expand-controller : account kube-system/expand-controller
clusterrolebinding system:controller:generic-garbage-collector -> system:controller:generic-garbage-collector : account kube-system/generic-garbage-collector
clusterrolebinding system:controller:horizontal-pod-autoscaler -> system:controller:horizontal-pod-autoscaler : account kube-system/horizontal-pod-autoscaler
clusterrolebinding system:controller:job-controller -> system:controller:job-controller : account kube-system/job-controller
?ClusterTrustBundle clusterrolebinding system:controller:kube-apiserver-serving-clustertrustbundle-publisher -> system:controller:kube-apiserver-serving-clustertrustbundle-publisher : account kube-system/kube-apiserver-serving-clustertrustbundle-publisher
clusterrolebinding system:controller:legacy-service-account-token-cleaner -> system:controller:legacy-service-account-token-cleaner : account kube-system/legacy-service-account-token-cleaner
clusterrolebinding system:controller:namespace-controller -> system:controller:namespace-controller : account kube-system/namespace-controller
clusterrolebinding system:controller:node-controller -> system:controller:node-controller : account kube-system/node-controller
clusterrolebinding system:controller:persistent-volume-binder -> system:controller:persistent-volume-binder : account kube-system/persistent-volume-binder
clusterrolebinding system:controller:pod-garbage-collector -> system:controller:pod-garbage-collector : account kube-system/pod-garbage-collector
?PodCertificateRequest clusterrolebinding system:controller:podcertificaterequestcleaner -> system:controller:podcertificaterequestcleaner : account kube-system/podcertificaterequestcleaner
clusterrolebinding system:controller:pv-protection-controller -> system:controller:pv-protection-controller : account kube-system/pv-protection-controller
clusterrolebinding system:controller:pvc-protection-controller -> system:controller:pvc-protection-controller : account kube-system/pvc-protection-controller
clusterrolebinding system:controller:replicaset-controller -> system:controller:replicaset-controller : account kube-system/replicaset-controller
clusterrolebinding system:controller:replication-controller -> system:controller:replication-controller : account kube-system/replication-controller
clusterrolebinding system:controller:resource-claim-controller -> system:controller:resource-claim-controller : account kube-system/resource-claim-controller
clusterrolebinding system:controller:resourcequota-controller -> system:controller:resourcequota-controller : account kube-system/resourcequota-controller
clusterrolebinding system:controller:root-ca-cert-publisher -> system:controller:root-ca-cert-publisher : account kube-system/root-ca-cert-publisher
clusterrolebinding system:controller:route-controller -> system:controller:route-controller : account kube-system/route-controller
clusterrolebinding system:controller:selinux-warning-controller -> system:controller:selinux-warning-controller : account kube-system/selinux-warning-controller
clusterrolebinding system:controller:service-account-controller -> system:controller:service-account-controller : account kube-system/service-account-controller
clusterrolebinding system:controller:service-cidrs-controller -> system:controller:service-cidrs-controller : account kube-system/service-cidrs-controller
clusterrolebinding system:controller:service-controller -> system:controller:service-controller : account kube-system/service-controller
clusterrolebinding system:controller:statefulset-controller -> system:controller:statefulset-controller : account kube-system/statefulset-controller
clusterrolebinding system:controller:ttl-after-finished-controller -> system:controller:ttl-after-finished-controller : account kube-system/ttl-after-finished-controller
clusterrolebinding system:controller:ttl-controller -> system:controller:ttl-controller : account kube-system/ttl-controller
clusterrolebinding system:controller:validatingadmissionpolicy-status-controller -> system:controller:validatingadmissionpolicy-status-controller : account kube-system/validatingadmissionpolicy-status-controller
clusterrolebinding system:controller:volumeattributesclass-protection-controller -> system:controller:volumeattributesclass-protection-controller : account kube-system/volumeattributesclass-protection-controller
clusterrolebinding system:discovery -> system:discovery : group system:authenticated
clusterrolebinding system:kube-controller-manager -> system:kube-controller-manager : user system:kube-controller-manager
clusterrolebinding system:kube-dns -> system:kube-dns : account kube-system/kube-dns
clusterrolebinding system:kube-scheduler -> system:kube-scheduler : user system:kube-scheduler
clusterrolebinding system:monitoring -> system:monitoring : group system:monitoring
clusterrolebinding system:node -> system:node
clusterrolebinding system:node-proxier -> system:node-proxier : user system:kube-proxy
clusterrolebinding system:public-info-viewer -> system:public-info-viewer : group system:authenticated, group system:unauthenticated
clusterrolebinding system:service-account-issuer-discovery -> system:service-account-issuer-discovery : group system:serviceaccounts
clusterrolebinding system:volume-scheduler -> system:volume-scheduler : user system:kube-scheduler
rolebinding kube-public/system:controller:bootstrap-signer -> system:controller:bootstrap-signer : account kube-system/bootstrap-signer
rolebinding kube-system/system::extension-apiserver-authentication-reader -> extension-apiserver-authentication-reader : user system:kube-controller-manager, user system:kube-scheduler
rolebinding kube-system/system::leader-locking-kube-controller-manager -> system::leader-locking-kube-controller-manager : user system:kube-controller-manager, account kube-system/kube-controller-manager, account kube-system/leader-election-controller
rolebinding kube-system/system::leader-locking-kube-scheduler -> system::leader-locking-kube-scheduler : user system:kube-scheduler, account kube-system/kube-scheduler
rolebinding kube-system/system:controller:bootstrap-signer -> system:controller:bootstrap-signer : account kube-system/bootstrap-signer
rolebinding kube-system/system:controller:cloud-provider -> system:controller:cloud-provider : account kube-system/cloud-provider
rolebinding kube-system/system:controller:token-cleaner -> system:controller:token-cleaner : account kube-system/token-cleaner
`;
