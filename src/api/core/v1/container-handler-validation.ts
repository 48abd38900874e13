import {
  checkNonNegative,
  type FieldError,
  type FieldPath,
  fieldForbidden,
  invalid,
  notSupported,
  required,
} from '../../../apimachinery/field-error.ts';
import { isHttpHeaderName, isValidPortName, isValidPortNumber } from '../../../apimachinery/names.ts';
import type { Container, Lifecycle, LifecycleHandler, PodSpec, Probe } from '../../types/core-v1.ts';

type Handler = Pick<Probe, 'exec' | 'httpGet' | 'tcpSocket' | 'grpc'> & Pick<LifecycleHandler, 'sleep'>;

/** Probes and lifecycle of a container that runs on (core validation's validateProbe and validateLifecycle). */
export function validateHandlers(container: Container, spec: PodSpec, path: FieldPath): FieldError[] {
  const { lifecycle, livenessProbe, readinessProbe, startupProbe } = container;
  const graceSeconds = spec.terminationGracePeriodSeconds;
  const errors: FieldError[] = [];
  if (lifecycle !== undefined) errors.push(...validateLifecycle(lifecycle, spec, path.child('lifecycle')));
  if (livenessProbe !== undefined) {
    errors.push(...validateProbe(livenessProbe, graceSeconds, path.child('livenessProbe'), true));
  }
  if (readinessProbe !== undefined) {
    const at = path.child('readinessProbe');
    errors.push(...validateProbe(readinessProbe, graceSeconds, at, false));
    const own = readinessProbe.terminationGracePeriodSeconds;
    if (own !== undefined) {
      errors.push(invalid(at.child('terminationGracePeriodSeconds'), own, 'must not be set for readinessProbes'));
    }
  }
  if (startupProbe !== undefined) {
    errors.push(...validateProbe(startupProbe, graceSeconds, path.child('startupProbe'), true));
  }
  return errors;
}

function validateProbe(
  probe: Probe,
  graceSeconds: number | undefined,
  path: FieldPath,
  oneSuccess: boolean,
): FieldError[] {
  const errors = validateHandler(probe, graceSeconds, path);
  for (const field of [
    'initialDelaySeconds',
    'timeoutSeconds',
    'periodSeconds',
    'successThreshold',
    'failureThreshold',
  ] as const) {
    errors.push(...checkNonNegative(path.child(field), probe[field]));
  }
  const own = probe.terminationGracePeriodSeconds;
  if (own !== undefined && own <= 0) {
    errors.push(invalid(path.child('terminationGracePeriodSeconds'), own, 'must be greater than 0'));
  }
  if (oneSuccess && probe.successThreshold !== 1) {
    errors.push(invalid(path.child('successThreshold'), probe.successThreshold ?? 0, 'must be 1'));
  }
  return errors;
}

function validateLifecycle(lifecycle: Lifecycle, spec: PodSpec, path: FieldPath): FieldError[] {
  const { postStart, preStop, stopSignal } = lifecycle;
  const graceSeconds = spec.terminationGracePeriodSeconds;
  return [
    ...(postStart === undefined ? [] : validateHandler(postStart, graceSeconds, path.child('postStart'))),
    ...(preStop === undefined ? [] : validateHandler(preStop, graceSeconds, path.child('preStop'))),
    ...(stopSignal === undefined ? [] : validateStopSignal(stopSignal, spec.os?.name, path.child('stopSignal'))),
  ];
}

const windowsSignals = ['SIGKILL', 'SIGTERM'];

/** Signals of Linux, the real-time ones included, in the order in which they are listed. */
const linuxSignals = [
  ...'ABRT ALRM BUS CHLD CLD CONT FPE HUP ILL INT IO IOT KILL PIPE POLL PROF PWR QUIT RTMAX'.split(' '),
  ...Array.from({ length: 14 }, (_, index) => `RTMAX-${index + 1}`),
  'RTMIN',
  ...Array.from({ length: 15 }, (_, index) => `RTMIN+${index + 1}`),
  ...'SEGV STKFLT STOP SYS TERM TRAP TSTP TTIN TTOU URG USR1 USR2 VTALRM WINCH XCPU XFSZ'.split(' '),
]
  .map((name) => `SIG${name}`)
  .toSorted();

function validateStopSignal(signal: string, os: string | undefined, path: FieldPath): FieldError[] {
  if (os === undefined) return [fieldForbidden(path, 'may not be set for containers with empty `spec.os.name`')];
  const supported = os === 'windows' ? windowsSignals : os === 'linux' ? linuxSignals : [signal];
  return supported.includes(signal) ? [] : [notSupported(path, signal, supported)];
}

/** Exactly one of the ways to act; further ones are not looked into. */
function validateHandler(handler: Handler, graceSeconds: number | undefined, path: FieldPath): FieldError[] {
  const given = (['exec', 'httpGet', 'tcpSocket', 'grpc', 'sleep'] as const).filter(
    (name) => handler[name] !== undefined,
  );
  if (given.length === 0) return [required(path, 'must specify a handler type')];
  return [
    ...validateAction(handler, graceSeconds, path),
    ...given.slice(1).map((name) => fieldForbidden(path.child(name), 'may not specify more than 1 handler type')),
  ];
}

function validateAction(handler: Handler, graceSeconds: number | undefined, path: FieldPath): FieldError[] {
  const { exec, httpGet, tcpSocket, grpc, sleep } = handler;
  if (exec !== undefined) {
    return (exec.command ?? []).length === 0 ? [required(path.child('exec', 'command'))] : [];
  }
  if (httpGet !== undefined) {
    const at = path.child('httpGet');
    const schemes = ['HTTP', 'HTTPS'];
    return [
      ...((httpGet.path ?? '') === '' ? [required(at.child('path'))] : []),
      ...validatePortNumberOrName(httpGet.port, at.child('port')),
      ...(schemes.includes(httpGet.scheme ?? '')
        ? []
        : [notSupported(at.child('scheme'), httpGet.scheme ?? '', schemes)]),
      ...(httpGet.httpHeaders ?? []).flatMap(({ name }) =>
        isHttpHeaderName(name).map((message) => invalid(at.child('httpHeaders'), name, message)),
      ),
    ];
  }
  if (tcpSocket !== undefined) return validatePortNumberOrName(tcpSocket.port, path.child('tcpSocket', 'port'));
  if (grpc !== undefined) return validatePortNumberOrName(grpc.port, path.child('grpc', 'port'));
  if (sleep === undefined || graceSeconds === undefined) return [];
  const { seconds } = sleep;
  if (seconds >= 0 && seconds <= graceSeconds) return [];
  const message = `must be non-negative and less than terminationGracePeriodSeconds (${graceSeconds})`;
  return [invalid(path.child('sleep'), seconds, message)];
}

/** A port by number or by name. */
export function validatePortNumberOrName(port: number | string | undefined, path: FieldPath): FieldError[] {
  const messages = typeof port === 'string' ? isValidPortName(port) : isValidPortNumber(port ?? 0);
  return messages.map((message) => invalid(path, port ?? 0, message));
}
