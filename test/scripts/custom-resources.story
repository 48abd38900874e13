# A kind of our own: defined, used, validated, gone.

-- gadgets.yaml --
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: gadgets.$NS.example.com}
spec:
  group: $NS.example.com
  scope: Namespaced
  names: {plural: gadgets, singular: gadget, kind: Gadget}
  versions:
  - name: v1
    served: true
    storage: true
    subresources: {status: {}, scale: {specReplicasPath: .spec.size, statusReplicasPath: .status.size}}
    additionalPrinterColumns:
    - {name: Size, type: integer, jsonPath: .spec.size}
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            required: [size]
            properties:
              size: {type: integer, minimum: 1}
              colour: {type: string, default: grey, enum: [grey, red]}
            x-kubernetes-validations:
            - rule: "self.size < 100 || self.colour == 'red'"
              message: large gadgets are red
          status: {type: object, properties: {size: {type: integer}}}
-- end --
-- one.yaml --
apiVersion: $NS.example.com/v1
kind: Gadget
metadata: {name: one}
spec: {size: 3}
-- end --
-- bad.yaml --
apiVersion: $NS.example.com/v1
kind: Gadget
metadata: {name: bad}
spec: {size: 0, colour: blue}
-- end --
-- large.yaml --
apiVersion: $NS.example.com/v1
kind: Gadget
metadata: {name: large}
spec: {size: 200}
-- end --

$ kubectl apply -f gadgets.yaml
| customresourcedefinition.apiextensions.k8s.io/gadgets.<namespace>.example.com created
$ kubectl wait --for=condition=Established crd/gadgets.$NS.example.com --timeout=10s
| customresourcedefinition.apiextensions.k8s.io/gadgets.<namespace>.example.com condition met
@retry
$ kubectl apply -f one.yaml
| gadget.<namespace>.example.com/one created
$ kubectl apply -f one.yaml
| gadget.<namespace>.example.com/one unchanged
$ kubectl get gadgets.$NS.example.com
| NAME  SIZE
| one  3
$ kubectl get gadgets.$NS.example.com one -o jsonpath='{.spec}'
| {"colour":"grey","size":3}
$ kubectl apply -f bad.yaml
! The Gadget "bad" is invalid:
! * spec.colour: Unsupported value: "blue": supported values: "grey", "red"
! * spec.size: Invalid value: 0: spec.size in body should be greater than or equal to 1
! * <nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation
? 1
$ kubectl apply -f large.yaml
! The Gadget "large" is invalid: spec: Invalid value: large gadgets are red
? 1
$ kubectl patch gadgets.$NS.example.com one --type=merge -p '{"spec":{"colour":"red","size":200}}'
| gadget.<namespace>.example.com/one patched
$ kubectl scale gadgets.$NS.example.com one --replicas=5
| gadget.<namespace>.example.com/one scaled
$ kubectl explain gadgets.$NS.example.com.spec
| GROUP:  <namespace>.example.com
| KIND:  Gadget
| VERSION:  v1
|
| FIELD: spec <Object>
|
|
| DESCRIPTION:
|   <empty>
| FIELDS:
|   colour	<string>
|   enum: grey, red
|   <no description>
|
|   size	<integer> -required-
|   <no description>
|
|
[1.27 1.28 1.29]
| GROUP:  <namespace>.example.com
| KIND:  Gadget
| VERSION:  v1
|
| FIELD: spec <Object>
|
| DESCRIPTION:
|   <empty>
| FIELDS:
|   colour	<string>
|   <no description>
|
|   size	<integer> -required-
|   <no description>
|
|
$ kubectl delete -f gadgets.yaml
| customresourcedefinition.apiextensions.k8s.io "gadgets.<namespace>.example.com" deleted
