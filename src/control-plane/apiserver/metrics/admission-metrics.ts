import type { AdmissionObserver, PodSecuritySubject, PolicyReport } from '../../admission/admission-observer.ts';
import { newestMinor } from '../../admission/pod-security-policy.ts';
import type { Histogram, MetricRegistry } from './metric-registry.ts';

const pluginBuckets = [0.005, 0.025, 0.1, 0.5, 1, 2.5];
const webhookBuckets = [0.005, 0.025, 0.1, 0.5, 1, 2.5, 10, 25];
const conditionBuckets = [0.001, 0.005, 0.01, 0.025, 0.1, 0.2, 0.25];
const policyBuckets = [5e-7, 0.001, 0.01, 0.1, 1];
const maxCode = 600;

/** Counts what plugins, webhooks and policies do, by the names of kube-apiserver 1.36. */
export function admissionMetrics(registry: MetricRegistry): AdmissionObserver {
  const plugins = registry.histogram({
    name: 'apiserver_admission_controller_admission_duration_seconds',
    help: 'Seconds that a plugin of admission took, by its name, the operation and the step (validate or admit).',
    stability: 'STABLE',
    labels: ['name', 'type', 'operation', 'rejected'],
    buckets: pluginBuckets,
  });
  return {
    plugin: pluginTimes(plugins),
    ...webhookReports(registry),
    ...conditionReports(registry),
    ...policyReports(registry),
    ...podSecurityReports(registry),
  };
}

function pluginTimes(times: Histogram): AdmissionObserver['plugin'] {
  return (name, step, operation) => {
    const passed = times.bind([name, step, operation, 'false']);
    const rejected = times.bind([name, step, operation, 'true']);
    return (seconds, isRejected) => (isRejected ? rejected : passed)(seconds);
  };
}

function webhookReports(registry: MetricRegistry): Pick<AdmissionObserver, 'webhook'> {
  const durations = registry.histogram({
    name: 'apiserver_admission_webhook_admission_duration_seconds',
    help: 'Seconds that a webhook of admission took, by its name, the operation and the step (validating or admit).',
    stability: 'STABLE',
    labels: ['name', 'type', 'operation', 'rejected'],
    buckets: webhookBuckets,
  });
  const requests = registry.counter({
    name: 'apiserver_admission_webhook_request_total',
    help: 'Calls of webhooks of admission, by name, step and operation, whether they refused, and the status code.',
    stability: 'ALPHA',
    labels: ['name', 'type', 'operation', 'code', 'rejected'],
  });
  const rejections = registry.counter({
    name: 'apiserver_admission_webhook_rejection_count',
    help: 'Requests that webhooks of admission refused, by name, step and operation, the kind of error and the code.',
    stability: 'ALPHA',
    labels: ['name', 'type', 'operation', 'error_type', 'rejection_code'],
  });
  const opened = registry.counter({
    name: 'apiserver_admission_webhook_fail_open_count',
    help: 'Webhooks of admission that failed and were ignored, by name and step.',
    stability: 'ALPHA',
    labels: ['name', 'type'],
  });
  return {
    webhook({ name, step, operation, seconds, code, rejection, hasFailedOpen }) {
      const shown = String(Math.min(code, maxCode));
      const rejected = String(rejection !== undefined);
      requests.add([name, step, operation, shown, rejected]);
      durations.observe([name, step, operation, rejected], seconds);
      if (rejection !== undefined) rejections.add([name, step, operation, rejection, shown]);
      if (hasFailedOpen) opened.add([name, step]);
    },
  };
}

function conditionReports(registry: MetricRegistry): Pick<AdmissionObserver, 'conditions'> {
  const labels = ['name', 'kind', 'type', 'operation'];
  const failures = registry.counter({
    name: 'apiserver_admission_match_condition_evaluation_errors_total',
    help: 'Match conditions that could not be evaluated, by the webhook or policy that has them.',
    stability: 'ALPHA',
    labels,
  });
  const exclusions = registry.counter({
    name: 'apiserver_admission_match_condition_exclusions_total',
    help: 'Requests that match conditions kept from a webhook or policy.',
    stability: 'ALPHA',
    labels,
  });
  const durations = registry.histogram({
    name: 'apiserver_admission_match_condition_evaluation_seconds',
    help: 'Seconds that match conditions took which did not hold.',
    stability: 'ALPHA',
    labels,
    buckets: conditionBuckets,
  });
  return {
    conditions({ name, kind, step, operation, seconds, errors, isExcluded }) {
      const values = [name, kind, step, operation];
      if (errors > 0) failures.add(values, errors);
      durations.observe(values, seconds);
      // Of policies this is not counted.
      if (isExcluded && kind === 'webhook') exclusions.add(values);
    },
  };
}

function policyReports(registry: MetricRegistry): Pick<AdmissionObserver, 'policy'> {
  const familiesOf = (kind: PolicyReport['kind'], stability: 'ALPHA' | 'BETA', labels: readonly string[]) => {
    const name = `apiserver_${kind}_admission_policy_check`;
    const help = `of ${kind} admission policies, by policy and binding`;
    return {
      checks: registry.counter({ name: `${name}_total`, help: `Evaluations ${help}.`, stability, labels }),
      durations: registry.histogram({
        name: `${name}_duration_seconds`,
        help: `Seconds that evaluations took ${help}.`,
        stability,
        labels,
        buckets: policyBuckets,
      }),
    };
  };
  const common = ['policy', 'policy_binding', 'error_type'];
  const validating = familiesOf('validating', 'BETA', [...common, 'enforcement_action']);
  const mutating = familiesOf('mutating', 'ALPHA', common);
  return {
    policy({ kind, policy, binding, failure, action, seconds }) {
      const labels = [policy, binding, failure === undefined ? 'no_error' : errorTypeOf(failure)];
      const { checks, durations } = kind === 'validating' ? validating : mutating;
      const all = kind === 'validating' ? [...labels, action] : labels;
      checks.add(all);
      durations.observe(all, seconds);
    },
  };
}

function errorTypeOf(message: string): string {
  if (message.startsWith('compilation')) return 'compile_error';
  if (message.startsWith('validation failed due to running out of cost budget')) return 'out_of_budget';
  return 'invalid_error';
}

type PodSecurityObserver = Pick<AdmissionObserver, 'podSecurity' | 'podSecurityExempt' | 'podSecurityFailed'>;

function podSecurityReports(registry: MetricRegistry): PodSecurityObserver {
  const labels = ['request_operation', 'resource', 'subresource'];
  const family = (name: string, help: string, more: readonly string[]) =>
    registry.counter({
      name: `pod_security_${name}_total`,
      help,
      stability: 'ALPHA',
      labels: [...more, ...labels],
    });
  const evaluations = family('evaluations', 'Pods, and what makes pods, that were held to a standard.', [
    'decision',
    'policy_level',
    'policy_version',
    'mode',
  ]);
  const exemptions = family('exemptions', 'Requests that were not looked at because they are exempt.', []);
  const errors = family('errors', 'Requests that could not be held to the standard that was meant.', ['fatal']);
  for (const operation of ['create', 'update']) {
    evaluations.add(['allow', 'privileged', 'latest', 'enforce', operation, 'pod', ''], 0);
    for (const kind of ['pod', 'controller']) exemptions.add([operation, kind, ''], 0);
  }
  const shown = ({ operation, resource: { resource }, subresource }: PodSecuritySubject): string[] => {
    const kind = resource === 'pods' ? 'pod' : resource === 'namespaces' ? 'namespace' : 'controller';
    return [operation.toLowerCase(), kind, subresource];
  };
  return {
    podSecurity({ decision, level, version, mode, attributes }) {
      // What is privileged is so in every version.
      const counted = level === 'privileged' ? 'latest' : version;
      evaluations.add([decision, level, isLater(counted) ? 'future' : counted, mode, ...shown(attributes)]);
    },
    podSecurityExempt: (subject) => exemptions.add(shown(subject)),
    podSecurityFailed: (subject, isFatal) => errors.add([String(isFatal), ...shown(subject)]),
  };
}

/** Whether a version of the standards is one that is not known yet. */
function isLater(version: string): boolean {
  const minor = /^v1\.(\d+)$/.exec(version)?.[1];
  return minor !== undefined && Number(minor) > newestMinor;
}
