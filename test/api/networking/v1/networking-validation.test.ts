import { describeValidation } from '../../../support/validation-cases.ts';

describeValidation({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  resource: 'ingresses',
  namespace: 'default',
  create: [
    [{ spec: {} }, ['spec: Invalid value: null: either `defaultBackend` or `rules` must be specified']],
    [
      { spec: { defaultBackend: { service: { name: 's' } } } },
      ['spec.defaultBackend: Required value: port name or number is required'],
    ],
    [
      { spec: { defaultBackend: { service: { name: 's', port: { number: 0 } } } } },
      ['spec.defaultBackend: Required value: port name or number is required'],
    ],
    [{ spec: { defaultBackend: { resource: { kind: 'X', name: 'y' } } } }, []],
    [
      { spec: { defaultBackend: { service: { name: 's', port: { number: 80 } } }, rules: [{ host: 'Bad_Host' }] } },
      [
        "spec.rules[0].host: Invalid value: \"Bad_Host\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
      ],
    ],
    [
      { spec: { defaultBackend: { service: { name: 's', port: { number: 80 } } }, rules: [{ host: '*.foo.com' }] } },
      [],
    ],
    [
      { spec: { defaultBackend: { service: { name: 's', port: { number: 80 } } }, rules: [{ host: '*' }] } },
      [
        "spec.rules[0].host: Invalid value: \"*\": a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character (e.g. '*.example.com', regex used for validation is '\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
      ],
    ],
    [
      { spec: { defaultBackend: { service: { name: 's', port: { number: 80 } } }, rules: [{ http: { paths: [] } }] } },
      ['spec.rules[0].http.paths: Required value'],
    ],
    [
      {
        spec: {
          defaultBackend: { service: { name: 's', port: { number: 80 } } },
          rules: [
            {
              http: {
                paths: [{ backend: { service: { name: 's', port: { number: 80 } } }, path: '/', pathType: 'Zork' }],
              },
            },
          ],
        },
      },
      [
        'spec.rules[0].http.paths[0].pathType: Unsupported value: "Zork": supported values: "Exact", "ImplementationSpecific", "Prefix"',
      ],
    ],
    [
      {
        spec: {
          defaultBackend: { service: { name: 's', port: { number: 80 } } },
          rules: [
            {
              http: {
                paths: [
                  { backend: { service: { name: 's', port: { name: 'Bad Port' } } }, path: 'rel', pathType: 'Prefix' },
                ],
              },
            },
          ],
        },
      },
      [
        'spec.rules[0].http.paths[0].path: Invalid value: "rel": must be an absolute path',
        'spec.rules[0].http.paths[0].backend.service.port.name: Invalid value: "Bad Port": must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)',
      ],
    ],
    [
      {
        spec: {
          defaultBackend: { service: { name: 's', port: { number: 80 } } },
          rules: [{ http: { paths: [{ backend: {}, path: '/a/../b', pathType: 'Prefix' }] } }],
        },
      },
      [
        'spec.rules[0].http.paths[0].path: Invalid value: "/a/../b": must not contain \'/../\'',
        'spec.rules[0].http.paths[0].backend: Invalid value: "": resource or service backend is required',
      ],
    ],
    [
      {
        spec: {
          defaultBackend: { service: { name: 's', port: { number: 80 } } },
          tls: [{ hosts: ['*.x.com', 'a.com'] }],
        },
      },
      [],
    ],
    [
      { spec: { defaultBackend: { service: { name: 's', port: { number: 80 } } }, ingressClassName: 'Bad_Class' } },
      [
        "spec.ingressClassName: Invalid value: \"Bad_Class\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
      ],
    ],
    [
      {
        metadata: { annotations: { 'kubernetes.io/ingress.class': 'y' } },
        spec: { defaultBackend: { service: { name: 's', port: { number: 80 } } } },
      },
      [],
    ],
  ],
});

describeValidation({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'IngressClass',
  resource: 'ingressclasses',
  create: [
    [{ spec: { controller: '' } }, ['spec.controller: Required value']],
    // The scope is filled in.
    [
      { spec: { controller: 'example.com/ic', parameters: {} } },
      ['spec.parameters.kind: Required value', 'spec.parameters.name: Required value'],
    ],
    [{ spec: { controller: `a.b/${'x'.repeat(250)}` } }, ['spec.controller: Too long: may not be more than 250 bytes']],
    [
      { spec: { controller: 'example.com/ic', parameters: { kind: 'a', name: 'b', scope: 'Zork' } } },
      ['spec.parameters.scope: Unsupported value: "Zork": supported values: "Cluster", "Namespace"'],
    ],
    [
      { spec: { controller: 'example.com/ic', parameters: { kind: 'a', name: 'b', scope: 'Namespace' } } },
      ["spec.parameters.namespace: Required value: `parameters.scope` is set to 'Namespace'"],
    ],
  ],
  base: { spec: { controller: 'example.com/ic' } },
  update: [
    [
      { '/metadata/resourceVersion': undefined, '/spec/controller': 'x.y/z' },
      ['spec.controller: Invalid value: "x.y/z": field is immutable'],
    ],
    [
      { '/metadata/resourceVersion': undefined, '/spec/parameters': { kind: 'K', name: 'n', scope: 'Namespace' } },
      ["spec.parameters.namespace: Required value: `parameters.scope` is set to 'Namespace'"],
    ],
  ],
});

describeValidation({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  resource: 'networkpolicies',
  namespace: 'default',
  create: [
    [
      { spec: { podSelector: { matchLabels: { 'a b': 'c' } } } },
      [
        "spec.podSelector.matchLabels: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
      ],
    ],
    [
      { spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress', 'Ingress'] } },
      ['spec.policyTypes: Invalid value: ["Ingress","Egress","Ingress"]: may not specify more than two policyTypes'],
    ],
    [
      { spec: { ingress: [{ from: [{ ipBlock: { cidr: 'x' } }] }], podSelector: {} } },
      [
        'spec.ingress[0].from[0].ipBlock.cidr: Invalid value: "x": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
      ],
    ],
    [
      { spec: { ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['11.0.0.0/8'] } }] }], podSelector: {} } },
      ['spec.ingress[0].from[0].ipBlock.except[0]: Invalid value: "11.0.0.0/8": must be a strict subset of `cidr`'],
    ],
    [
      { spec: { ingress: [{ ports: [{ port: 0 }] }], podSelector: {} } },
      ['spec.ingress[0].ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive'],
    ],
    [
      { spec: { ingress: [{ ports: [{ port: 80, protocol: 'ICMP' }] }], podSelector: {} } },
      ['spec.ingress[0].ports[0].protocol: Unsupported value: "ICMP": supported values: "TCP", "UDP", "SCTP"'],
    ],
    [
      { spec: { ingress: [{ ports: [{ endPort: 70, port: 80 }] }], podSelector: {} } },
      ['spec.ingress[0].ports[0].endPort: Invalid value: 80: must be greater than or equal to `port`'],
    ],
    [
      { spec: { egress: [{ ports: [{ endPort: 70, port: 'a' }] }], podSelector: {} } },
      ['spec.egress[0].ports[0].endPort: Invalid value: 70: may not be specified when `port` is non-numeric'],
    ],
    [{ spec: { egress: [], podSelector: {}, policyTypes: ['Egress'] } }, []],
    [{ spec: { egress: [{}], podSelector: {} } }, []],
  ],
});

describeValidation({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'ServiceCIDR',
  resource: 'servicecidrs',
  create: [
    [
      { spec: { cidrs: ['x'] } },
      ['spec.cidrs[0]: Invalid value: "x": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'],
    ],
    [
      { spec: { cidrs: ['10.1.0.0/16', '10.2.0.0/16'] } },
      [
        'spec.cidrs: Invalid value: ["10.1.0.0/16","10.2.0.0/16"]: may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64',
      ],
    ],
    [
      { spec: { cidrs: ['10.1.0.0/33'] } },
      ['spec.cidrs[0]: Invalid value: "10.1.0.0/33": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'],
    ],
  ],
});
