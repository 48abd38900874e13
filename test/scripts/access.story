# Who may do what.

$ kubectl create serviceaccount robot
| serviceaccount/robot created
$ kubectl create role reader --verb=get,list --resource=pods,configmaps
| role.rbac.authorization.k8s.io/reader created
$ kubectl create rolebinding robot-reads --role=reader --serviceaccount=$NS:robot
| rolebinding.rbac.authorization.k8s.io/robot-reads created
$ kubectl auth can-i list pods --as=system:serviceaccount:$NS:robot
| yes
$ kubectl auth can-i delete pods --as=system:serviceaccount:$NS:robot
| no
? 1
$ kubectl get pods --as=system:serviceaccount:$NS:robot
! No resources found in <namespace> namespace.
$ kubectl delete pod x --as=system:serviceaccount:$NS:robot
! Error from server (Forbidden): pods "x" is forbidden: User "system:serviceaccount:<namespace>:robot" cannot delete resource "pods" in API group "" in the namespace "<namespace>"
? 1
$ kubectl get nodes --as=system:serviceaccount:$NS:robot
! Error from server (Forbidden): nodes is forbidden: User "system:serviceaccount:<namespace>:robot" cannot list resource "nodes" in API group "" at the cluster scope
? 1
$ kubectl get pods --token=wrong
! No resources found in <namespace> namespace.
$ kubectl create token robot > token && kubectl get configmaps --token="$(cat token)" -o name --server="$(kubectl config view --minify -o jsonpath='{.clusters[0].cluster.server}')"
| configmap/kube-root-ca.crt
$ kubectl get pods --token="$(cat token)" --kubeconfig=/dev/null --server="$(kubectl config view --minify -o jsonpath='{.clusters[0].cluster.server}')" --insecure-skip-tls-verify
! Error from server (Forbidden): pods is forbidden: User "system:serviceaccount:<namespace>:robot" cannot list resource "pods" in API group "" in the namespace "default"
? 1
$ kubectl create role robot-admin --verb='*' --resource=secrets --as=system:serviceaccount:$NS:robot
! Error from server (Forbidden): roles.rbac.authorization.k8s.io is forbidden: User "system:serviceaccount:<namespace>:robot" cannot create resource "roles" in API group "rbac.authorization.k8s.io" in the namespace "<namespace>"
? 1
$ kubectl get rolebinding robot-reads -o wide
| NAME  ROLE  AGE  USERS  GROUPS  SERVICEACCOUNTS
| robot-reads  Role/reader  <age>  <namespace>/robot
$ kubectl describe role reader
| Name:  reader
| Labels:  <none>
| Annotations:  <none>
| PolicyRule:
|   Resources  Non-Resource URLs  Resource Names  Verbs
|   ---------  -----------------  --------------  -----
|   configmaps  []  []  [get list]
|   pods  []  []  [get list]
