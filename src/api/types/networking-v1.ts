// Made by scripts/generate-api-types.js from the type data in src/api. Do not edit.
import type { ListMeta, ObjectMeta } from '../../apimachinery/object-meta.ts';
import type { TypedLocalObjectReference } from './core-v1.ts';
import type { Condition, IntOrString, LabelSelector } from './meta-v1.ts';

/** io.k8s.api.networking.v1.HTTPIngressPath */
export interface HTTPIngressPath {
  backend: IngressBackend;
  path?: string;
  pathType: string;
}

/** io.k8s.api.networking.v1.HTTPIngressRuleValue */
export interface HTTPIngressRuleValue {
  paths: HTTPIngressPath[];
}

/** io.k8s.api.networking.v1.IPAddress */
export interface IPAddress {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec: IPAddressSpec;
}

/** io.k8s.api.networking.v1.IPAddressList */
export interface IPAddressList {
  apiVersion: string;
  items: IPAddress[];
  kind: string;
  metadata: ListMeta;
}

/** io.k8s.api.networking.v1.IPAddressSpec */
export interface IPAddressSpec {
  parentRef: ParentReference;
}

/** io.k8s.api.networking.v1.IPBlock */
export interface IPBlock {
  cidr: string;
  except?: string[];
}

/** io.k8s.api.networking.v1.Ingress */
export interface Ingress {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec?: IngressSpec;
  status?: IngressStatus;
}

/** io.k8s.api.networking.v1.IngressBackend */
export interface IngressBackend {
  resource?: TypedLocalObjectReference;
  service?: IngressServiceBackend;
}

/** io.k8s.api.networking.v1.IngressClass */
export interface IngressClass {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec?: IngressClassSpec;
}

/** io.k8s.api.networking.v1.IngressClassList */
export interface IngressClassList {
  apiVersion: string;
  items: IngressClass[];
  kind: string;
  metadata: ListMeta;
}

/** io.k8s.api.networking.v1.IngressClassParametersReference */
export interface IngressClassParametersReference {
  apiGroup?: string;
  kind: string;
  name: string;
  namespace?: string;
  scope?: string;
}

/** io.k8s.api.networking.v1.IngressClassSpec */
export interface IngressClassSpec {
  controller?: string;
  parameters?: IngressClassParametersReference;
}

/** io.k8s.api.networking.v1.IngressList */
export interface IngressList {
  apiVersion: string;
  items: Ingress[];
  kind: string;
  metadata: ListMeta;
}

/** io.k8s.api.networking.v1.IngressLoadBalancerIngress */
export interface IngressLoadBalancerIngress {
  hostname?: string;
  ip?: string;
  ports?: IngressPortStatus[];
}

/** io.k8s.api.networking.v1.IngressLoadBalancerStatus */
export interface IngressLoadBalancerStatus {
  ingress?: IngressLoadBalancerIngress[];
}

/** io.k8s.api.networking.v1.IngressPortStatus */
export interface IngressPortStatus {
  error?: string;
  port: number;
  protocol: string;
}

/** io.k8s.api.networking.v1.IngressRule */
export interface IngressRule {
  host?: string;
  http?: HTTPIngressRuleValue;
}

/** io.k8s.api.networking.v1.IngressServiceBackend */
export interface IngressServiceBackend {
  name: string;
  port?: ServiceBackendPort;
}

/** io.k8s.api.networking.v1.IngressSpec */
export interface IngressSpec {
  defaultBackend?: IngressBackend;
  ingressClassName?: string;
  rules?: IngressRule[];
  tls?: IngressTLS[];
}

/** io.k8s.api.networking.v1.IngressStatus */
export interface IngressStatus {
  loadBalancer?: IngressLoadBalancerStatus;
}

/** io.k8s.api.networking.v1.IngressTLS */
export interface IngressTLS {
  hosts?: string[];
  secretName?: string;
}

/** io.k8s.api.networking.v1.NetworkPolicy */
export interface NetworkPolicy {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec?: NetworkPolicySpec;
}

/** io.k8s.api.networking.v1.NetworkPolicyEgressRule */
export interface NetworkPolicyEgressRule {
  ports?: NetworkPolicyPort[];
  to?: NetworkPolicyPeer[];
}

/** io.k8s.api.networking.v1.NetworkPolicyIngressRule */
export interface NetworkPolicyIngressRule {
  from?: NetworkPolicyPeer[];
  ports?: NetworkPolicyPort[];
}

/** io.k8s.api.networking.v1.NetworkPolicyList */
export interface NetworkPolicyList {
  apiVersion: string;
  items: NetworkPolicy[];
  kind: string;
  metadata: ListMeta;
}

/** io.k8s.api.networking.v1.NetworkPolicyPeer */
export interface NetworkPolicyPeer {
  ipBlock?: IPBlock;
  namespaceSelector?: LabelSelector;
  podSelector?: LabelSelector;
}

/** io.k8s.api.networking.v1.NetworkPolicyPort */
export interface NetworkPolicyPort {
  endPort?: number;
  port?: IntOrString;
  protocol?: string;
}

/** io.k8s.api.networking.v1.NetworkPolicySpec */
export interface NetworkPolicySpec {
  egress?: NetworkPolicyEgressRule[];
  ingress?: NetworkPolicyIngressRule[];
  podSelector?: LabelSelector;
  policyTypes?: string[];
}

/** io.k8s.api.networking.v1.ParentReference */
export interface ParentReference {
  group?: string;
  name: string;
  namespace?: string;
  resource: string;
}

/** io.k8s.api.networking.v1.ServiceBackendPort */
export interface ServiceBackendPort {
  name?: string;
  number?: number;
}

/** io.k8s.api.networking.v1.ServiceCIDR */
export interface ServiceCIDR {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec?: ServiceCIDRSpec;
  status?: ServiceCIDRStatus;
}

/** io.k8s.api.networking.v1.ServiceCIDRList */
export interface ServiceCIDRList {
  apiVersion: string;
  items: ServiceCIDR[];
  kind: string;
  metadata: ListMeta;
}

/** io.k8s.api.networking.v1.ServiceCIDRSpec */
export interface ServiceCIDRSpec {
  cidrs?: string[];
}

/** io.k8s.api.networking.v1.ServiceCIDRStatus */
export interface ServiceCIDRStatus {
  conditions?: Condition[];
}
