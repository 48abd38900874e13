# Looking into pods: logs, commands, files.

$ kubectl run web --image=registry.example/web:1 --port=80
| pod/web created
$ kubectl wait --for=condition=Ready pod/web --timeout=30s
| pod/web condition met
$ kubectl logs web
| simulated container web of image registry.example/web:1: nothing runs, a real node would run the image's own command
$ kubectl logs web --tail=0
$ kubectl logs web -c nothing
! error: container nothing is not valid for pod web out of: web
? 1
[1.27 1.28 1.29 1.30 1.31 1.32 1.33]
! error: container nothing is not valid for pod web
? 1
$ kubectl logs nothing
! error: error from server (NotFound): pods "nothing" not found in namespace "<namespace>"
? 1
[1.27 1.28 1.29]
! Error from server (NotFound): pods "nothing" not found
? 1
$ kubectl logs -l run=web --prefix
| [pod/web/web] simulated container web of image registry.example/web:1: nothing runs, a real node would run the image's own command
$ kubectl exec web -- echo hello
| hello
$ kubectl exec web -- sh -c 'exit 3'
! command terminated with exit code 3
? 3
$ kubectl exec web -- nothing-like-this
! OCI runtime exec failed: exec failed: unable to start container process: exec: "nothing-like-this": executable file not found in $PATH: unknown
! command terminated with exit code 127
? 127
$ kubectl exec web -c nothing -- true
! error: container nothing is not valid for pod web out of: web
? 1
[1.27 1.28 1.29 1.30 1.31 1.32 1.33]
! Error from server (BadRequest): container nothing is not valid for pod web
? 1
$ echo 'from here' | kubectl exec -i web -- cat
| from here
$ echo content > local.txt && kubectl cp local.txt web:/tmp/there.txt && kubectl exec web -- cat /tmp/there.txt
| content
$ kubectl cp web:/tmp/there.txt back.txt && cat back.txt
| content
$ kubectl attach nothing
! Error from server (NotFound): pods "nothing" not found
? 1
$ kubectl port-forward pod/nothing 1234
! Error from server (NotFound): pods "nothing" not found
? 1
$ kubectl delete pod web --grace-period=1
| pod "web" deleted from <namespace> namespace
[1.27 1.28 1.29 1.30 1.31 1.32 1.33]
| pod "web" deleted
