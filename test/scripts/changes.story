# Objects made from flags and changed in place.

$ kubectl create deployment web --image=registry.example/web:1 --replicas=2 --port=8080
$ kubectl set env deployment/web MODE=test
$ kubectl set env deployment/web --list
$ kubectl set resources deployment web --limits=cpu=200m,memory=64Mi
$ kubectl set serviceaccount deployment web robot
$ kubectl get deployment web -o jsonpath='{.spec.template.spec.serviceAccountName} {.spec.template.spec.containers[0].resources.limits}'
$ kubectl create secret generic keys --from-literal=user=admin
$ kubectl get secret keys -o go-template='{{.data.user | base64decode}}'
$ kubectl create service clusterip web --tcp=80:8080
$ kubectl create ingress web --rule='example.com/*=web:80'
$ kubectl get ingress web --no-headers
$ kubectl create poddisruptionbudget web --selector=app=web --min-available=1
$ kubectl create priorityclass high-$NS --value=1000
$ kubectl delete priorityclass high-$NS
$ KUBE_EDITOR='sed -i s/registry.example\/web:1/registry.example\/web:2/' kubectl edit deployment web
$ KUBE_EDITOR=true kubectl edit deployment web
$ kubectl get deployment web -o jsonpath='{.spec.template.spec.containers[0].image}'
$ kubectl taint nodes --all conformance-$NS=yes:PreferNoSchedule | sed 's/node.*/node/'
$ kubectl taint nodes --all conformance-$NS- | sed 's/node.*/node/'
$ kubectl events --types=Nothing
$ kubectl auth whoami -o jsonpath='{.status.userInfo.groups}'
$ kubectl delete deployment,service,ingress,pdb,secret --all
