import { isJsonObject, type JsonObject, type JsonValue } from '../apimachinery/json.ts';
import type { Unstructured } from '../apimachinery/object-meta.ts';

/** A type as Go writes it: its fields in order, and those that are there even when they are empty. */
interface TypedShape {
  readonly order: readonly string[];
  readonly always?: Readonly<Record<string, JsonValue>>;
  /** Types of fields, those of a list's items for lists. */
  readonly fields?: Readonly<Record<string, TypedShape>>;
}

/** Names of fields, written with spaces between them. */
function words(names: string): readonly string[] {
  return names.split(' ');
}

const metadata: TypedShape = {
  order: ['name', 'generateName', 'namespace', 'selfLink', 'uid', 'resourceVersion', 'generation', 'creationTimestamp'],
};

const containerPort: TypedShape = { order: ['name', 'hostPort', 'containerPort', 'protocol', 'hostIP'] };

const container: TypedShape = {
  order: words(
    'name image command args workingDir ports envFrom env resources resizePolicy restartPolicy ' +
      'restartPolicyRules volumeMounts volumeDevices livenessProbe readinessProbe startupProbe ' +
      'lifecycle terminationMessagePath terminationMessagePolicy imagePullPolicy securityContext ' +
      'stdin stdinOnce tty',
  ),
  always: { resources: {} },
  fields: { ports: containerPort, env: { order: ['name', 'value', 'valueFrom'] } },
};

const podSpec: TypedShape = {
  order: words(
    'volumes initContainers containers ephemeralContainers restartPolicy ' +
      'terminationGracePeriodSeconds activeDeadlineSeconds dnsPolicy nodeSelector serviceAccountName ' +
      'serviceAccount automountServiceAccountToken nodeName hostNetwork hostPID hostIPC ' +
      'shareProcessNamespace securityContext imagePullSecrets hostname subdomain affinity ' +
      'schedulerName tolerations hostAliases priorityClassName priority dnsConfig readinessGates ' +
      'runtimeClassName enableServiceLinks preemptionPolicy overhead topologySpreadConstraints ' +
      'setHostnameAsFQDN os hostUsers schedulingGates resourceClaims resources',
  ),
  always: { containers: null },
  fields: { containers: container, initContainers: container },
};

const serviceSpec: TypedShape = {
  order: words(
    'ports selector clusterIP clusterIPs type externalIPs sessionAffinity loadBalancerIP ' +
      'loadBalancerSourceRanges externalName externalTrafficPolicy healthCheckNodePort ' +
      'publishNotReadyAddresses sessionAffinityConfig ipFamilies ipFamilyPolicy ' +
      'allocateLoadBalancerNodePorts loadBalancerClass internalTrafficPolicy trafficDistribution',
  ),
  fields: {
    ports: {
      order: ['name', 'protocol', 'appProtocol', 'port', 'targetPort', 'nodePort'],
      always: { targetPort: 0 },
    },
  },
};

const top = ['kind', 'apiVersion', 'metadata', 'spec', 'status'];
const shapes: Readonly<Record<string, TypedShape>> = {
  'v1/Pod': { order: top, always: { spec: {}, status: {} }, fields: { metadata, spec: podSpec } },
  'v1/Service': {
    order: top,
    always: { spec: {}, status: { loadBalancer: {} } },
    fields: { metadata, spec: serviceSpec },
  },
  'autoscaling/v2/HorizontalPodAutoscaler': {
    order: top,
    fields: {
      metadata,
      spec: { order: ['scaleTargetRef', 'minReplicas', 'maxReplicas', 'metrics', 'behavior'] },
      status: {
        order: ['observedGeneration', 'lastScaleTime', 'currentReplicas', 'desiredReplicas', 'currentMetrics'],
        always: { desiredReplicas: 0, currentMetrics: null },
      },
    },
  },
};

/** An object as a Go program writes it that read it into its type; of kinds that are not known here as it is. */
export function typedShape(object: Unstructured): Unstructured {
  const shape = shapes[`${object.apiVersion}/${object.kind}`];
  if (shape === undefined) return object;
  return shaped(object as unknown as JsonObject, shape) as unknown as Unstructured;
}

function shaped(value: JsonValue, shape: TypedShape): JsonValue {
  if (Array.isArray(value)) return value.map((item) => shaped(item, shape));
  if (!isJsonObject(value)) return value;
  const { order, always = {}, fields = {} } = shape;
  const names = order.filter((name) => name in value || name in always);
  names.push(...Object.keys(value).filter((name) => !order.includes(name)));
  return Object.fromEntries(
    names.map((name) => {
      const member = value[name] ?? always[name] ?? null;
      const own = fields[name];
      return [name, own === undefined ? member : shaped(member, own)];
    }),
  );
}
