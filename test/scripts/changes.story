# Objects made from flags and changed in place.

$ kubectl create deployment web --image=registry.example/web:1 --replicas=2 --port=8080
| deployment.apps/web created
$ kubectl set env deployment/web MODE=test
| deployment.apps/web env updated
$ kubectl set env deployment/web --list
| # Deployment web, container web
| MODE=test
$ kubectl set resources deployment web --limits=cpu=200m,memory=64Mi
| deployment.apps/web resource requirements updated
$ kubectl set serviceaccount deployment web robot
| deployment.apps/web serviceaccount updated
$ kubectl get deployment web -o jsonpath='{.spec.template.spec.serviceAccountName} {.spec.template.spec.containers[0].resources.limits}'
| robot {"cpu":"200m","memory":"64Mi"}
$ kubectl create secret generic keys --from-literal=user=admin
| secret/keys created
$ kubectl get secret keys -o go-template='{{.data.user | base64decode}}'
| admin
$ kubectl create service clusterip web --tcp=80:8080
| service/web created
$ kubectl create ingress web --rule='example.com/*=web:80'
| ingress.networking.k8s.io/web created
$ kubectl get ingress web --no-headers
| web  <none>  example.com  80  <age>
$ kubectl create poddisruptionbudget web --selector=app=web --min-available=1
| poddisruptionbudget.policy/web created
$ kubectl create priorityclass high-$NS --value=1000
| priorityclass.scheduling.k8s.io/high-<namespace> created
$ kubectl delete priorityclass high-$NS
| priorityclass.scheduling.k8s.io "high-<namespace>" deleted
$ KUBE_EDITOR='sed -i s/registry.example\/web:1/registry.example\/web:2/' kubectl edit deployment web
! sed: -e expression #1, char 26: unknown option to `s'
! error: there was a problem with the editor "/bin/bash -c sed -i s/registry.example\\/web:1/registry.example\\/web:2/"
? 1
$ KUBE_EDITOR=true kubectl edit deployment web
! Edit cancelled, no changes made.
$ kubectl get deployment web -o jsonpath='{.spec.template.spec.containers[0].image}'
| registry.example/web:1
$ kubectl taint nodes --all conformance-$NS=yes:PreferNoSchedule | sed 's/node.*/node/'
| node
$ kubectl taint nodes --all conformance-$NS- | sed 's/node.*/node/'
| node
$ kubectl events --types=Nothing
! error: valid --types are Normal or Warning
? 1
$ kubectl auth whoami -o jsonpath='{.status.userInfo.groups}'
| ["system:masters","system:authenticated"]
[1.27]
! error: the selfsubjectreviews API is not enabled in the cluster
! enable APISelfSubjectReview feature gate and authentication.k8s.io/v1alpha1 or authentication.k8s.io/v1beta1 API
? 1
$ kubectl delete deployment,service,ingress,pdb,secret --all
| deployment.apps "web" deleted from <namespace> namespace
| service "web" deleted from <namespace> namespace
| ingress.networking.k8s.io "web" deleted from <namespace> namespace
| poddisruptionbudget.policy "web" deleted from <namespace> namespace
| secret "keys" deleted from <namespace> namespace
[1.27 1.28 1.29 1.30 1.31 1.32 1.33]
| deployment.apps "web" deleted
| service "web" deleted
| ingress.networking.k8s.io "web" deleted
| poddisruptionbudget.policy "web" deleted
| secret "keys" deleted
