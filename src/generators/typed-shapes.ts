import { isJsonObject, type JsonObject, type JsonValue } from '../apimachinery/json.ts';
import type { Unstructured } from '../apimachinery/object-meta.ts';

/** The order in which Go writes the fields of a type. */
interface TypedShape {
  readonly order: readonly string[];
  /** Types of fields, those of a list's items for lists. */
  readonly fields?: Readonly<Record<string, TypedShape>>;
}

/** Names of fields, written with spaces between them. */
function words(names: string): readonly string[] {
  return names.split(' ');
}

const metadata: TypedShape = {
  order: words(
    'name generateName namespace selfLink uid resourceVersion generation creationTimestamp labels annotations',
  ),
};

const keySelector: TypedShape = { order: words('name key optional') };

const variable: TypedShape = {
  order: words('name value valueFrom'),
  fields: {
    valueFrom: {
      order: words('fieldRef resourceFieldRef configMapKeyRef secretKeyRef fileKeyRef'),
      fields: {
        configMapKeyRef: keySelector,
        secretKeyRef: keySelector,
        fieldRef: { order: words('apiVersion fieldPath') },
        resourceFieldRef: { order: words('containerName resource divisor') },
      },
    },
  },
};

const container: TypedShape = {
  order: words(
    'name image command args workingDir ports envFrom env resources resizePolicy restartPolicy restartPolicyRules ' +
      'volumeMounts volumeDevices livenessProbe readinessProbe startupProbe lifecycle terminationMessagePath ' +
      'terminationMessagePolicy imagePullPolicy securityContext stdin stdinOnce tty',
  ),
  fields: {
    ports: { order: words('name hostPort containerPort protocol hostIP') },
    env: variable,
    resources: { order: words('limits requests claims') },
    volumeMounts: { order: words('name readOnly recursiveReadOnly mountPath subPath mountPropagation subPathExpr') },
  },
};

const podSpec: TypedShape = {
  order: words(
    'volumes initContainers containers ephemeralContainers restartPolicy terminationGracePeriodSeconds ' +
      'activeDeadlineSeconds dnsPolicy nodeSelector serviceAccountName serviceAccount automountServiceAccountToken ' +
      'nodeName hostNetwork hostPID hostIPC shareProcessNamespace securityContext imagePullSecrets hostname subdomain ' +
      'affinity schedulerName tolerations hostAliases priorityClassName priority dnsConfig readinessGates ' +
      'runtimeClassName enableServiceLinks preemptionPolicy overhead topologySpreadConstraints setHostnameAsFQDN os ' +
      'hostUsers schedulingGates resourceClaims resources',
  ),
  fields: {
    containers: container,
    initContainers: container,
    tolerations: { order: words('key operator value effect tolerationSeconds') },
  },
};

const template: TypedShape = { order: words('metadata spec'), fields: { metadata, spec: podSpec } };

const serviceSpec: TypedShape = {
  order: words(
    'ports selector clusterIP clusterIPs type externalIPs sessionAffinity loadBalancerIP loadBalancerSourceRanges ' +
      'externalName externalTrafficPolicy healthCheckNodePort publishNotReadyAddresses sessionAffinityConfig ' +
      'ipFamilies ipFamilyPolicy allocateLoadBalancerNodePorts loadBalancerClass internalTrafficPolicy ' +
      'trafficDistribution',
  ),
  fields: { ports: { order: words('name protocol appProtocol port targetPort nodePort') } },
};

const condition: TypedShape = {
  order: words('type status lastUpdateTime lastProbeTime lastTransitionTime reason message'),
};

const jobSpec: TypedShape = {
  order: words(
    'parallelism completions activeDeadlineSeconds podFailurePolicy successPolicy backoffLimit backoffLimitPerIndex ' +
      'maxFailedIndexes selector manualSelector template ttlSecondsAfterFinished completionMode suspend ' +
      'podReplacementPolicy managedBy',
  ),
  fields: { template },
};

/** The order of a kind's own fields is that of `spec`; `status` is known where it has one. */
function kind(spec: TypedShape, status = ''): TypedShape {
  return {
    order: words('kind apiVersion metadata spec status'),
    fields: { metadata, spec, status: { order: words(status), fields: { conditions: condition } } },
  };
}

const workload = (order: string): TypedShape => ({ order: words(order), fields: { template } });

const event: TypedShape = {
  order: words(
    'kind apiVersion metadata involvedObject reason message source firstTimestamp lastTimestamp count type eventTime ' +
      'series action related reportingComponent reportingInstance',
  ),
  fields: {
    metadata,
    involvedObject: { order: words('kind namespace name uid apiVersion resourceVersion fieldPath') },
  },
};

const binding: TypedShape = {
  order: words('kind apiVersion metadata subjects roleRef'),
  fields: {
    metadata,
    subjects: { order: words('kind apiGroup name namespace') },
    roleRef: { order: words('apiGroup kind name') },
  },
};

const shapes: Readonly<Record<string, TypedShape>> = {
  'v1/Event': event,
  'v1/Pod': kind(podSpec),
  'v1/Service': kind(serviceSpec),
  'v1/ReplicationController': kind(workload('replicas minReadySeconds selector template')),
  'apps/v1/Deployment': kind(
    workload('replicas selector template strategy minReadySeconds revisionHistoryLimit paused progressDeadlineSeconds'),
    'observedGeneration replicas updatedReplicas readyReplicas availableReplicas unavailableReplicas ' +
      'terminatingReplicas conditions collisionCount',
  ),
  'apps/v1/ReplicaSet': kind(
    workload('replicas minReadySeconds selector template'),
    'replicas fullyLabeledReplicas readyReplicas availableReplicas terminatingReplicas observedGeneration conditions',
  ),
  'apps/v1/DaemonSet': kind(
    workload('selector template updateStrategy minReadySeconds revisionHistoryLimit'),
    'currentNumberScheduled numberMisscheduled desiredNumberScheduled numberReady observedGeneration ' +
      'updatedNumberScheduled numberAvailable numberUnavailable collisionCount conditions',
  ),
  'apps/v1/StatefulSet': kind(
    workload(
      'replicas selector template volumeClaimTemplates serviceName podManagementPolicy updateStrategy ' +
        'revisionHistoryLimit minReadySeconds persistentVolumeClaimRetentionPolicy ordinals',
    ),
    'observedGeneration replicas readyReplicas currentReplicas updatedReplicas currentRevision updateRevision ' +
      'collisionCount conditions availableReplicas',
  ),
  'batch/v1/Job': kind(jobSpec),
  'batch/v1/CronJob': kind({
    order: words(
      'schedule timeZone startingDeadlineSeconds concurrencyPolicy suspend jobTemplate successfulJobsHistoryLimit ' +
        'failedJobsHistoryLimit',
    ),
    fields: { jobTemplate: { order: words('metadata spec'), fields: { metadata, spec: jobSpec } } },
  }),
  'autoscaling/v2/HorizontalPodAutoscaler': kind(
    { order: words('scaleTargetRef minReplicas maxReplicas metrics behavior') },
    'observedGeneration lastScaleTime currentReplicas desiredReplicas currentMetrics conditions',
  ),
  'rbac.authorization.k8s.io/v1/ClusterRoleBinding': binding,
  'rbac.authorization.k8s.io/v1/RoleBinding': binding,
};

/** An object with its fields in the order in which Go writes its type; of kinds that are not known here as it is. */
export function typedShape(object: Unstructured): Unstructured {
  const shape = shapes[`${object.apiVersion}/${object.kind}`];
  if (shape === undefined) return object;
  return shaped(object as unknown as JsonObject, shape) as unknown as Unstructured;
}

function shaped(value: JsonValue, { order, fields = {} }: TypedShape): JsonValue {
  if (Array.isArray(value)) return value.map((item) => shaped(item, { order, fields }));
  if (!isJsonObject(value)) return value;
  const names = [
    ...order.filter((name) => name in value),
    ...Object.keys(value).filter((name) => !order.includes(name)),
  ];
  return Object.fromEntries(
    names.map((name) => {
      const member = value[name] ?? null;
      const own = fields[name];
      return [name, own === undefined ? member : shaped(member, own)];
    }),
  );
}
