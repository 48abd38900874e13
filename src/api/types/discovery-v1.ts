// Made by scripts/generate-api-types.js from the type data in src/api. Do not edit.
import type { ListMeta, ObjectMeta } from '../../apimachinery/object-meta.ts';
import type { ObjectReference } from './core-v1.ts';

/** io.k8s.api.discovery.v1.Endpoint */
export interface Endpoint {
  addresses: string[];
  conditions?: EndpointConditions;
  deprecatedTopology?: Record<string, string>;
  hints?: EndpointHints;
  hostname?: string;
  nodeName?: string;
  targetRef?: ObjectReference;
  zone?: string;
}

/** io.k8s.api.discovery.v1.EndpointConditions */
export interface EndpointConditions {
  ready?: boolean;
  serving?: boolean;
  terminating?: boolean;
}

/** io.k8s.api.discovery.v1.EndpointHints */
export interface EndpointHints {
  forNodes?: ForNode[];
  forZones?: ForZone[];
}

/** io.k8s.api.discovery.v1.EndpointPort */
export interface EndpointPort {
  appProtocol?: string;
  name?: string;
  port?: number;
  protocol?: string;
}

/** io.k8s.api.discovery.v1.EndpointSlice */
export interface EndpointSlice {
  apiVersion: string;
  kind: string;
  addressType: string;
  endpoints?: Endpoint[] | null;
  metadata: ObjectMeta;
  ports?: EndpointPort[] | null;
}

/** io.k8s.api.discovery.v1.EndpointSliceList */
export interface EndpointSliceList {
  apiVersion: string;
  items: EndpointSlice[];
  kind: string;
  metadata: ListMeta;
}

/** io.k8s.api.discovery.v1.ForNode */
export interface ForNode {
  name: string;
}

/** io.k8s.api.discovery.v1.ForZone */
export interface ForZone {
  name: string;
}
