import { needsNodePorts } from '../../../api/core/v1/service-strategy.ts';
import { needsHealthCheckPort } from '../../../api/core/v1/service-validation.ts';
import type { Service, ServicePort, ServiceSpec } from '../../../api/types/core-v1.ts';
import { FieldPath, invalid } from '../../../apimachinery/field-error.ts';
import { internalError, StatusError } from '../../../apimachinery/status.ts';
import type { Random } from '../../../system/random.ts';
import type { AllocationObserver } from './allocation-observer.ts';
import { invalidService } from './service-ip-families.ts';

/** The ports of nodes that services may have. */
export interface NodePortRange {
  readonly first: number;
  readonly last: number;
}

/** Those that there are when nobody says otherwise. */
export const usualNodePorts: NodePortRange = { first: 30_000, last: 32_767 };

/** The first ports are left to those who ask for one: a part of the range, within bounds (KEP-3668). */
function reservedPorts(range: NodePortRange): number {
  const count = nodePortCount(range);
  return count < 16 ? 0 : Math.min(Math.max(16, Math.floor(count / 32)), 128);
}

/** The ports of nodes that one write takes. */
export interface NodePortOperation {
  /** Takes a port. @returns why it cannot be had */
  take(port: number): string | undefined;
  /** Finds one that is free. */
  next(): number;
}

/** How many of them there may be. */
export function nodePortCount({ first, last }: NodePortRange): number {
  return last - first + 1;
}

/** Takes ports for a write; `undo` gets what gives them back. */
export function takePorts(
  used: Set<number>,
  range: NodePortRange,
  random: Random,
  undo: (() => void)[],
  observer: AllocationObserver,
): NodePortOperation {
  const reserve = (port: number): string | undefined => {
    if (port < range.first || port > range.last) {
      return `provided port is not in the valid range. The range of valid ports is ${range.first}-${range.last}`;
    }
    if (used.has(port)) return 'provided port is already allocated';
    used.add(port);
    undo.push(() => used.delete(port));
    return undefined;
  };
  const next = (): number => {
    const isFree = (port: number): boolean => !used.has(port);
    const first = range.first + reservedPorts(range);
    const port = choose(first, range.last, random, isFree) ?? choose(range.first, first - 1, random, isFree);
    if (port === undefined) {
      observer.portRefused('dynamic');
      throw internalError('failed to allocate a nodePort: range is full');
    }
    reserve(port);
    observer.port('dynamic');
    return port;
  };
  const take = (port: number): string | undefined => {
    const problem = reserve(port);
    if (problem === undefined) observer.port('static');
    else observer.portRefused('static');
    return problem;
  };
  return { take, next };
}

function choose(first: number, last: number, random: Random, isFree: (port: number) => boolean): number | undefined {
  const span = last - first + 1;
  const start = Math.floor(random.next() * span);
  for (let step = 0; step < span; step++) {
    const port = first + ((start + step) % span);
    if (isFree(port)) return port;
  }
  return undefined;
}

/** A dry run takes nothing: what it would be given are numbers beyond the range, and ranges are not looked at. */
export function pretendPorts(used: ReadonlySet<number>, range: NodePortRange): NodePortOperation {
  const taken: number[] = [];
  return {
    take(port) {
      if (used.has(port) || taken.includes(port)) return 'provided port is already allocated';
      taken.push(port);
      return undefined;
    },
    next() {
      const port = (taken.length === 0 ? range.last + 1 : Math.max(...taken)) + 1;
      taken.push(port);
      return port;
    },
  };
}

/** All that a service has: of its ports, and to ask whether a node has pods. */
export function nodePortsOf(spec: ServiceSpec | undefined): number[] {
  return [...portNumbers(spec), spec?.healthCheckNodePort ?? 0].filter((port) => port !== 0);
}

/** Gives a new service its ports, or a changed one what it lacks. @throws StatusError for one that cannot be had. */
export function allocateNodePorts(service: Service, old: ServiceSpec | undefined, operation: NodePortOperation): void {
  const { spec } = service;
  if (spec === undefined) return;
  if (spec.type === 'NodePort' || spec.type === 'LoadBalancer') {
    if (old === undefined) initPorts(service, spec, operation);
    else updatePorts(service, spec, old, operation);
  }
  allocateHealthCheckPort(spec, old, operation);
}

/** Ports of one number and several protocols share a port of the nodes. */
function initPorts(service: Service, spec: ServiceSpec, operation: NodePortOperation): void {
  const { ports = [] } = spec;
  const byPort = new Map<number, number>();
  ports.forEach((port, index) => {
    const own = port.nodePort ?? 0;
    if (own === 0 && !needsNodePorts(spec)) return;
    const shared = byPort.get(port.port);
    if (shared === undefined) {
      const asked = ports.find((one) => one.port === port.port && (one.nodePort ?? 0) !== 0)?.nodePort;
      port.nodePort = asked ?? operation.next();
      if (asked !== undefined) takeAsked(service, index, asked, operation);
      byPort.set(port.port, port.nodePort);
    } else if (own === 0) port.nodePort = shared;
    else if (own !== shared) takeAsked(service, index, own, operation);
  });
}

function updatePorts(service: Service, spec: ServiceSpec, old: ServiceSpec, operation: NodePortOperation): void {
  if (needsNodePorts(spec) && needsNodePorts(old)) keepNodePorts(spec, old.ports ?? []);
  const before = new Set(portNumbers(old));
  const taken = new Set<number>();
  const shown = new Set<string>();
  (spec.ports ?? []).forEach((port, index) => {
    const own = port.nodePort ?? 0;
    if (own === 0 && !needsNodePorts(spec)) return;
    if (own === 0) port.nodePort = operation.next();
    else if (!before.has(own) && !taken.has(own)) {
      takeAsked(service, index, own, operation);
      taken.add(own);
    }
    const text = `{${port.protocol ?? ''} ${port.nodePort}}`;
    if (shown.has(text)) throw new StatusError({ message: `duplicate nodePort: ${text}`, code: 500 });
    shown.add(text);
  });
}

function takeAsked(service: Service, index: number, port: number, operation: NodePortOperation): void {
  const problem = operation.take(port);
  if (problem === undefined) return;
  const path = new FieldPath('spec.ports').index(index).child('nodePort');
  throw invalidService(service, [invalid(path, port, problem)]);
}

/** Where nodes are asked whether they have pods of the service. */
function allocateHealthCheckPort(spec: ServiceSpec, old: ServiceSpec | undefined, operation: NodePortOperation): void {
  if (!needsHealthCheckPort(spec)) return;
  if (needsHealthCheckPort(old)) {
    if ((spec.healthCheckNodePort ?? 0) === 0 && old?.healthCheckNodePort !== undefined) {
      spec.healthCheckNodePort = old.healthCheckNodePort;
    }
    return;
  }
  const asked = spec.healthCheckNodePort ?? 0;
  if (asked === 0) {
    spec.healthCheckNodePort = operation.next();
    return;
  }
  const problem = operation.take(asked);
  if (problem !== undefined) {
    throw internalError(`failed to allocate requested HealthCheck NodePort ${asked}: ${problem}`);
  }
}

function portNumbers(spec: ServiceSpec | undefined): number[] {
  return (spec?.ports ?? []).map(({ nodePort = 0 }) => nodePort).filter((port) => port !== 0);
}

/** Ports that an update leaves out are those of the same name before, unless another port has them now. */
function keepNodePorts(spec: ServiceSpec, old: readonly ServicePort[]): void {
  const numberOf = ({ nodePort = 0 }: ServicePort): number => nodePort;
  const before = new Set(old.map(numberOf));
  const used = new Set((spec.ports ?? []).map(numberOf).filter((port) => port !== 0 && before.has(port)));
  for (const port of spec.ports ?? []) {
    if (numberOf(port) !== 0) continue;
    const kept = old.find(({ name = '' }) => name === (port.name ?? ''))?.nodePort ?? 0;
    if (kept !== 0 && !used.has(kept)) port.nodePort = kept;
  }
}
