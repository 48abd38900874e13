# Pods run, jobs end, nodes are cordoned.

-- job.yaml --
apiVersion: batch/v1
kind: Job
metadata: {name: once}
spec:
  completions: 2
  template:
    spec:
      restartPolicy: Never
      containers: [{name: main, image: registry.example/job:1, command: ["true"]}]
-- end --

$ kubectl run web --image=registry.example/web:1 --port=80
| pod/web created
$ kubectl wait --for=condition=Ready pod/web --timeout=30s
| pod/web condition met
$ kubectl get pod web -o jsonpath='{.status.phase} {.status.qosClass} {.spec.nodeName}'
| Running BestEffort conformance-node
$ kubectl apply -f job.yaml
| job.batch/once created
$ kubectl wait --for=condition=Complete job/once --timeout=30s
| job.batch/once condition met
$ kubectl get job once -o jsonpath='{.status.succeeded}'
| 2
$ kubectl create cronjob tidy --image=registry.example/tidy:1 --schedule='30 3 * * *'
| cronjob.batch/tidy created
$ kubectl get cronjob tidy --no-headers
| tidy  30 3 * * *  <none>  False  0  <none>  <age>
$ kubectl create quota small --hard=pods=3
| resourcequota/small created
@retry
$ kubectl get quota small -o jsonpath='{.status.hard.pods}' | grep 3
| 3
$ kubectl delete pod web --grace-period=1
| pod "web" deleted from <namespace> namespace
[1.27 1.28 1.29 1.30 1.31 1.32 1.33]
| pod "web" deleted
$ kubectl get pod web
! Error from server (NotFound): pods "web" not found
? 1
$ kubectl top pods
! error: Metrics API not available
? 1
$ kubectl delete job,cronjob --all
| job.batch "once" deleted from <namespace> namespace
| cronjob.batch "tidy" deleted from <namespace> namespace
[1.27 1.28 1.29 1.30 1.31 1.32 1.33]
| job.batch "once" deleted
| cronjob.batch "tidy" deleted
