# The life of an object: create, read, change, delete. `npm run conformance` plays this with every kubectl it finds.

-- settings.yaml --
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
  labels: {app: web}
data:
  greeting: "yes"
  lines: |
    one
    two
-- end --

$ kubectl apply -f settings.yaml
| configmap/settings created
$ kubectl apply -f settings.yaml
| configmap/settings unchanged
$ kubectl get configmap settings
| NAME  DATA  AGE
| settings  2  <age>
$ kubectl get configmap settings -o yaml
| apiVersion: v1
| data:
|   greeting: "yes"
|   lines: |
|   one
|   two
| kind: ConfigMap
| metadata:
|   annotations:
|   kubectl.kubernetes.io/last-applied-configuration: |
|   {"apiVersion":"v1","data":{"greeting":"yes","lines":"one\ntwo\n"},"kind":"ConfigMap","metadata":{"annotations":{},"labels":{"app":"web"},"name":"settings","namespace":"<namespace>"}}
|   creationTimestamp: "<time>"
|   labels:
|   app: web
|   name: settings
|   namespace: <namespace>
|   resourceVersion: "<version>"
|   uid: <uid>
$ kubectl get configmap settings -o jsonpath='{.data.greeting}'
| yes
$ kubectl get configmaps -l app=web -o name
| configmap/settings
$ kubectl get configmaps -l app=web --show-labels
| NAME  DATA  AGE  LABELS
| settings  2  <age>  app=web
$ kubectl label configmap settings tier=back
| configmap/settings labeled
$ kubectl label configmap settings tier=front
! error: 'tier' already has a value (back), and --overwrite is false
? 1
$ kubectl label configmap settings tier=front --overwrite
| configmap/settings labeled
$ kubectl annotate configmap settings note='a b'
| configmap/settings annotated
[1.27]
| configmap/settings annotate
$ kubectl label configmap settings tier-
| configmap/settings unlabeled
$ kubectl patch configmap settings -p '{"data":{"greeting":"no"}}'
| configmap/settings patched
$ kubectl patch configmap settings -p '{"data":{"greeting":"no"}}'
| configmap/settings patched (no change)
$ kubectl patch configmap settings --type=json -p '[{"op":"remove","path":"/data/lines"}]'
| configmap/settings patched
$ kubectl patch configmap settings --type=json -p '[{"op":"test","path":"/data/greeting","value":"x"}]'
! The request is invalid: the server rejected our request due to an error in our request
? 1
$ kubectl get configmap settings -o go-template='{{range $k, $v := .data}}{{$k}}={{$v}}{{"\n"}}{{end}}'
| greeting=no
$ kubectl describe configmap settings
| Name:  settings
| Namespace:  <namespace>
| Labels:  app=web
| Annotations:  note: a b
|
| Data
| ====
| greeting:
| ----
| no
|
|
| BinaryData
| ====
|
| Events:  <none>
[1.27 1.28 1.29 1.30]
| Name:  settings
| Namespace:  <namespace>
| Labels:  app=web
| Annotations:  note: a b
|
| Data
| ====
| greeting:
| ----
| no
|
| BinaryData
| ====
|
| Events:  <none>
$ kubectl diff -f settings.yaml | grep '^[+-] '
| -  greeting: "no"
| +  greeting: "yes"
| +  lines: |
| +  one
| +  two
$ kubectl replace -f settings.yaml
| configmap/settings replaced
$ kubectl apply -f settings.yaml --server-side
| configmap/settings serverside-applied
$ kubectl apply -f settings.yaml --server-side --force-conflicts
| configmap/settings serverside-applied
$ kubectl apply -f settings.yaml --dry-run=server
| configmap/settings configured (server dry run)
! Warning: resource configmaps/settings is missing the kubectl.kubernetes.io/last-applied-configuration annotation which is required by kubectl apply. kubectl apply should only be used on resources created declaratively by either kubectl create --save-config or kubectl apply. The missing annotation will be patched automatically.
$ kubectl create -f settings.yaml
! Error from server (AlreadyExists): error when creating "settings.yaml": configmaps "settings" already exists
? 1
$ kubectl create configmap literal --from-literal=a=b --dry-run=client -o yaml
| apiVersion: v1
| data:
|   a: b
| kind: ConfigMap
| metadata:
|   name: literal
[1.27 1.28 1.29 1.30 1.31 1.32 1.33]
| apiVersion: v1
| data:
|   a: b
| kind: ConfigMap
| metadata:
|   creationTimestamp: null
|   name: literal
$ kubectl delete -f settings.yaml
| configmap "settings" deleted from <namespace> namespace
[1.27 1.28 1.29 1.30 1.31 1.32 1.33]
| configmap "settings" deleted
$ kubectl delete -f settings.yaml
! Error from server (NotFound): error when deleting "settings.yaml": configmaps "settings" not found
? 1
$ kubectl delete -f settings.yaml --ignore-not-found
$ kubectl get configmap settings
! Error from server (NotFound): configmaps "settings" not found
? 1
