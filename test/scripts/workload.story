# A deployment is applied, rolled out, scaled, changed, rolled back, and goes with everything it made.

-- web.yaml --
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: main
        image: registry.example/web:1
        ports: [{containerPort: 8080}]
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80, targetPort: 8080}]
-- end --

$ kubectl apply -f web.yaml
| deployment.apps/web created
| service/web created
@silent
$ kubectl rollout status deployment/web --timeout=30s
$ kubectl get deployment,service web
| NAME  READY  UP-TO-DATE  AVAILABLE  AGE
| deployment.apps/web  2/2  2  2  <age>
|
| NAME  TYPE  CLUSTER-IP  EXTERNAL-IP  PORT(S)  AGE
| service/web  ClusterIP  <ip>  <none>  80/TCP  <age>
@loose
$ kubectl get pods -l app=web --no-headers
| web-<hash>-<rand>  1/1  Running  0  <age>
| web-<hash>-<rand>  1/1  Running  0  <age>
$ kubectl scale deployment web --replicas=3
| deployment.apps/web scaled
@silent
$ kubectl rollout status deployment/web --timeout=30s
$ kubectl set image deployment/web main=registry.example/web:2
| deployment.apps/web image updated
@silent
$ kubectl rollout status deployment/web --timeout=30s
$ kubectl rollout history deployment/web
| deployment.apps/web
| REVISION  CHANGE-CAUSE
| 1  <none>
| 2  <none>
|
$ kubectl rollout undo deployment/web
| deployment.apps/web rolled back
! Warning: resource deployments/web was previously managed with 'kubectl apply'. Rolling back will not update the kubectl.kubernetes.io/last-applied-configuration annotation, which may cause unexpected behavior on future 'kubectl apply' operations. Consider using 'kubectl apply' with your previous configuration file instead.
[1.27 1.28 1.29 1.30 1.31 1.32 1.33]
| deployment.apps/web rolled back
@silent
$ kubectl rollout status deployment/web --timeout=30s
$ kubectl get deployment web -o jsonpath='{.spec.template.spec.containers[0].image}'
| registry.example/web:1
$ kubectl rollout pause deployment/web
| deployment.apps/web paused
$ kubectl rollout pause deployment/web
! error: deployments.apps "web" is already paused
? 1
$ kubectl rollout resume deployment/web
| deployment.apps/web resumed
$ kubectl rollout restart deployment/web
| deployment.apps/web restarted
@silent
$ kubectl rollout status deployment/web --timeout=30s
$ kubectl wait --for=condition=Available deployment/web --timeout=30s
| deployment.apps/web condition met
$ kubectl expose deployment web --name=again --port=81
| service/again exposed
$ kubectl autoscale deployment web --max=5 --min=2
| horizontalpodautoscaler.autoscaling/web autoscaled
$ kubectl get hpa web -o jsonpath='{.spec.minReplicas} {.spec.maxReplicas}'
| 2 5
$ kubectl describe service web | grep -v Endpoints
| Name:  web
| Namespace:  <namespace>
| Labels:  <none>
| Annotations:  <none>
| Selector:  app=web
| Type:  ClusterIP
| IP Family Policy:  SingleStack
| IP Families:  IPv4
| IP:  <ip>
| IPs:  <ip>
| Port:  <unset>  80/TCP
| TargetPort:  8080/TCP
| Session Affinity:  None
| Internal Traffic Policy:  Cluster
| Events:  <none>
[1.27 1.28 1.29 1.30]
| Name:  web
| Namespace:  <namespace>
| Labels:  <none>
| Annotations:  <none>
| Selector:  app=web
| Type:  ClusterIP
| IP Family Policy:  SingleStack
| IP Families:  IPv4
| IP:  <ip>
| IPs:  <ip>
| Port:  <unset>  80/TCP
| TargetPort:  8080/TCP
| Session Affinity:  None
| Events:  <none>
! Warning: v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice
$ kubectl get deployment web -o custom-columns=NAME:.metadata.name,IMAGES:.spec.template.spec.containers[*].image
| NAME  IMAGES
| web  registry.example/web:1
$ kubectl delete deployment web
| deployment.apps "web" deleted from <namespace> namespace
[1.27 1.28 1.29 1.30 1.31 1.32 1.33]
| deployment.apps "web" deleted
@retry
$ test -z "$(kubectl get replicasets -o name)"
$ kubectl get all --no-headers
| service/again  ClusterIP  <ip>  <none>  81/TCP  <age>
| service/web  ClusterIP  <ip>  <none>  80/TCP  <age>
| horizontalpodautoscaler.autoscaling/web  Deployment/web  cpu: <unknown>/80%  2  5  0  <age>
