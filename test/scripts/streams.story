# Looking into pods: logs, commands, files.

$ kubectl run web --image=registry.example/web:1 --port=80
$ kubectl wait --for=condition=Ready pod/web --timeout=30s
$ kubectl logs web
$ kubectl logs web --tail=0
$ kubectl logs web -c nothing
$ kubectl logs nothing
$ kubectl logs -l run=web --prefix
$ kubectl exec web -- echo hello
$ kubectl exec web -- sh -c 'exit 3'
$ kubectl exec web -- nothing-like-this
$ kubectl exec web -c nothing -- true
$ echo 'from here' | kubectl exec -i web -- cat
$ echo content > local.txt && kubectl cp local.txt web:/tmp/there.txt && kubectl exec web -- cat /tmp/there.txt
$ kubectl cp web:/tmp/there.txt back.txt && cat back.txt
$ kubectl attach nothing
$ kubectl port-forward pod/nothing 1234
$ kubectl delete pod web --grace-period=1
