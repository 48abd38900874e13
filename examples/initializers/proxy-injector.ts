import { type PodInitializer, PodRefused } from './pod-initializer.ts';

const domain = 'proxy-injector.initializers.example.com';
const containerName = 'proxy';
/** Where the proxy listens. */
const proxyPort = 15_001;

/**
 * Adds a proxy beside the containers of a pod whose annotation `proxy-injector.initializers.example.com/port` says where
 * the application listens; it is told of that address in `UPSTREAM`.
 * @param image what the proxy runs
 */
export function proxyInjector(image: string): PodInitializer {
  return {
    name: domain,
    initialize({ metadata, spec }) {
      const port = metadata.annotations?.[`${domain}/port`] ?? '';
      if (port === '' || spec === undefined) return Promise.resolve();
      const number = Number(port);
      if (!Number.isInteger(number) || number < 1 || number > 65_535) {
        return Promise.reject(new PodRefused(`${domain}: annotation ${domain}/port: "${port}" is no port`));
      }
      if (spec.containers.some(({ name }) => name === containerName)) return Promise.resolve();
      spec.containers.push({
        name: containerName,
        image,
        env: [{ name: 'UPSTREAM', value: `127.0.0.1:${number}` }],
        ports: [{ name: containerName, containerPort: proxyPort, protocol: 'TCP' }],
        resources: { requests: { cpu: '10m', memory: '32Mi' } },
      });
      return Promise.resolve();
    },
  };
}
