import type { CommandEntry } from '../cli/command-table.ts';

const basicBeginner = 'Basic Commands (Beginner):';
const basicIntermediate = 'Basic Commands (Intermediate):';
const deploy = 'Deploy Commands:';
const troubleshooting = 'Troubleshooting and Debugging Commands:';
const advanced = 'Advanced Commands:';
const settings = 'Settings Commands:';
const localClusters = 'Local Clusters:';
const clusterManagement = 'Cluster Management Commands:';
const other = 'Other Commands:';

/**
 * Every command: its path, the line in its parent's list and how to load it. A parent stands before its children, and
 * the order is the one of the help.
 */
export const commandTable: readonly CommandEntry[] = [
  {
    path: ['create'],
    short: 'Create a resource from a file or from stdin',
    group: basicBeginner,
    switches: [
      'R',
      'allow-missing-template-keys',
      'dry-run',
      'edit',
      'record',
      'recursive',
      'save-config',
      'show-managed-fields',
      'validate',
      'windows-line-endings',
    ],
    load: async () => (await import('./create.ts')).createCommand,
  },
  {
    path: ['create', 'clusterrole'],
    short: 'Create a cluster role',
    load: async () => (await import('./create/clusterrole.ts')).createClusterRoleCommand,
  },
  {
    path: ['create', 'clusterrolebinding'],
    short: 'Create a cluster role binding for a particular cluster role',
    load: async () => (await import('./create/clusterrolebinding.ts')).createClusterRoleBindingCommand,
  },
  {
    path: ['create', 'configmap'],
    short: 'Create a config map from a local file, directory or literal value',
    aliases: ['cm'],
    load: async () => (await import('./create/configmap.ts')).createConfigMapCommand,
  },
  {
    path: ['create', 'cronjob'],
    short: 'Create a cron job with the specified name',
    aliases: ['cj'],
    load: async () => (await import('./create/cronjob.ts')).createCronJobCommand,
  },
  {
    path: ['create', 'deployment'],
    short: 'Create a deployment with the specified name',
    aliases: ['deploy'],
    load: async () => (await import('./create/deployment.ts')).createDeploymentCommand,
  },
  {
    path: ['create', 'ingress'],
    short: 'Create an ingress with the specified name',
    aliases: ['ing'],
    load: async () => (await import('./create/ingress.ts')).createIngressCommand,
  },
  {
    path: ['create', 'job'],
    short: 'Create a job with the specified name',
    load: async () => (await import('./create/job.ts')).createJobCommand,
  },
  {
    path: ['create', 'namespace'],
    short: 'Create a namespace with the specified name',
    aliases: ['ns'],
    load: async () => (await import('./create/namespace.ts')).createNamespaceCommand,
  },
  {
    path: ['create', 'poddisruptionbudget'],
    short: 'Create a pod disruption budget with the specified name',
    aliases: ['pdb'],
    load: async () => (await import('./create/poddisruptionbudget.ts')).createPodDisruptionBudgetCommand,
  },
  {
    path: ['create', 'priorityclass'],
    short: 'Create a priority class with the specified name',
    aliases: ['pc'],
    load: async () => (await import('./create/priorityclass.ts')).createPriorityClassCommand,
  },
  {
    path: ['create', 'quota'],
    short: 'Create a quota with the specified name',
    aliases: ['resourcequota'],
    load: async () => (await import('./create/quota.ts')).createQuotaCommand,
  },
  {
    path: ['create', 'role'],
    short: 'Create a role with single rule',
    load: async () => (await import('./create/role.ts')).createRoleCommand,
  },
  {
    path: ['create', 'rolebinding'],
    short: 'Create a role binding for a particular role or cluster role',
    load: async () => (await import('./create/rolebinding.ts')).createRoleBindingCommand,
  },
  {
    path: ['create', 'secret'],
    usage: '(docker-registry | generic | tls)',
    short: 'Create a secret using a specified subcommand',
    long: "Secrets: docker-registry for pulling images, generic for values of one's own, tls for a certificate with its key.",
  },
  {
    path: ['create', 'secret', 'docker-registry'],
    short: 'Create a secret for use with a Docker registry',
    load: async () => (await import('./create/secret/docker-registry.ts')).createDockerRegistrySecretCommand,
  },
  {
    path: ['create', 'secret', 'generic'],
    short: 'Create a secret from a local file, directory, or literal value',
    load: async () => (await import('./create/secret/generic.ts')).createGenericSecretCommand,
  },
  {
    path: ['create', 'secret', 'tls'],
    short: 'Create a TLS secret',
    load: async () => (await import('./create/secret/tls.ts')).createTlsSecretCommand,
  },
  {
    path: ['create', 'service'],
    usage: '[flags]',
    short: 'Create a service using a specified subcommand',
    aliases: ['svc'],
    long: 'Services, by the way they are reached.',
  },
  {
    path: ['create', 'service', 'clusterip'],
    short: 'Create a ClusterIP service',
    load: async () => (await import('./create/service/clusterip.ts')).createClusterIpServiceCommand,
  },
  {
    path: ['create', 'service', 'externalname'],
    short: 'Create an ExternalName service',
    load: async () => (await import('./create/service/externalname.ts')).createExternalNameServiceCommand,
  },
  {
    path: ['create', 'service', 'loadbalancer'],
    short: 'Create a LoadBalancer service',
    load: async () => (await import('./create/service/loadbalancer.ts')).createLoadBalancerServiceCommand,
  },
  {
    path: ['create', 'service', 'nodeport'],
    short: 'Create a NodePort service',
    load: async () => (await import('./create/service/nodeport.ts')).createNodePortServiceCommand,
  },
  {
    path: ['create', 'serviceaccount'],
    short: 'Create a service account with the specified name',
    aliases: ['sa'],
    load: async () => (await import('./create/serviceaccount.ts')).createServiceAccountCommand,
  },
  {
    path: ['create', 'token'],
    short: 'Request a service account token',
    load: async () => (await import('./create/token.ts')).createTokenCommand,
  },
  {
    path: ['expose'],
    short: 'Take a replication controller, service, deployment or pod and expose it as a new Kubernetes service',
    group: basicBeginner,
    load: async () => (await import('./expose.ts')).exposeCommand,
  },
  {
    path: ['run'],
    short: 'Run a particular image on the cluster',
    group: basicBeginner,
    load: async () => (await import('./run.ts')).runCommand,
  },
  {
    path: ['set'],
    short: 'Set specific features on objects',
    group: basicBeginner,
    long: 'Change one thing of objects that are there, or of manifests.',
  },
  {
    path: ['set', 'env'],
    short: 'Update environment variables on a pod template',
    load: async () => (await import('./set/env.ts')).setEnvCommand,
  },
  {
    path: ['set', 'image'],
    short: 'Update the image of a pod template',
    load: async () => (await import('./set/image.ts')).setImageCommand,
  },
  {
    path: ['set', 'resources'],
    short: 'Update resource requests/limits on objects with pod templates',
    load: async () => (await import('./set/resources.ts')).setResourcesCommand,
  },
  {
    path: ['set', 'selector'],
    short: 'Set the selector on a resource',
    load: async () => (await import('./set/selector.ts')).setSelectorCommand,
  },
  {
    path: ['set', 'serviceaccount'],
    short: 'Update the service account of a resource',
    aliases: ['sa'],
    load: async () => (await import('./set/serviceaccount.ts')).setServiceAccountCommand,
  },
  {
    path: ['set', 'subject'],
    short: 'Update the user, group, or service account in a role binding or cluster role binding',
    load: async () => (await import('./set/subject.ts')).setSubjectCommand,
  },
  {
    path: ['explain'],
    short: 'Get documentation for a resource',
    group: basicIntermediate,
    load: async () => (await import('./explain.ts')).explainCommand,
  },
  {
    path: ['get'],
    suggestFor: ['list', 'ls'],
    short: 'Display one or many resources',
    group: basicIntermediate,
    load: async () => (await import('./get.ts')).getCommand,
  },
  {
    path: ['edit'],
    short: 'Edit a resource on the server',
    group: basicIntermediate,
    load: async () => (await import('./edit.ts')).editCommand,
  },
  {
    path: ['delete'],
    suggestFor: ['rm', 'remove'],
    short: 'Delete resources by file names, stdin, resources and names, or by resources and label selector',
    group: basicIntermediate,
    load: async () => (await import('./delete.ts')).deleteCommand,
  },
  {
    path: ['describe'],
    suggestFor: ['inspect'],
    short: 'Show details of a specific resource or group of resources',
    group: troubleshooting,
    load: async () => (await import('./describe.ts')).describeCommand,
  },
  {
    path: ['logs'],
    short: 'Print the logs for a container in a pod',
    group: troubleshooting,
    load: async () => (await import('./logs.ts')).logsCommand,
  },
  {
    path: ['attach'],
    short: 'Attach to a running container',
    group: troubleshooting,
    load: async () => (await import('./attach.ts')).attachCommand,
  },
  {
    path: ['exec'],
    short: 'Execute a command in a container',
    group: troubleshooting,
    load: async () => (await import('./exec.ts')).execCommand,
  },
  {
    path: ['port-forward'],
    short: 'Forward one or more local ports to a pod',
    group: troubleshooting,
    load: async () => (await import('./port-forward.ts')).portForwardCommand,
  },
  {
    path: ['proxy'],
    short: 'Run a proxy to the Kubernetes API server',
    group: troubleshooting,
    load: async () => (await import('./proxy.ts')).proxyCommand,
  },
  {
    path: ['cp'],
    short: 'Copy files and directories to and from containers',
    group: troubleshooting,
    load: async () => (await import('./cp.ts')).cpCommand,
  },
  {
    path: ['auth'],
    usage: '[flags]',
    short: 'Inspect authorization',
    group: troubleshooting,
    long: 'Find out who one is for the server, and what one may do.',
  },
  {
    path: ['auth', 'can-i'],
    short: 'Check whether an action is allowed',
    load: async () => (await import('./auth/can-i.ts')).canICommand,
  },
  {
    path: ['auth', 'reconcile'],
    short: 'Reconciles rules for RBAC role, role binding, cluster role, and cluster role binding objects',
    load: async () => (await import('./auth/reconcile.ts')).reconcileCommand,
  },
  {
    path: ['auth', 'whoami'],
    short: 'Experimental: Check self subject attributes',
    load: async () => (await import('./auth/whoami.ts')).whoAmICommand,
  },
  {
    path: ['debug'],
    short: 'Create debugging sessions for troubleshooting workloads and nodes',
    group: troubleshooting,
    load: async () => (await import('./debug.ts')).debugCommand,
  },
  {
    path: ['events'],
    short: 'List events',
    group: troubleshooting,
    load: async () => (await import('./events.ts')).eventsCommand,
  },
  {
    path: ['rollout'],
    alone: 'fails-on-stdout',
    short: 'Manage the rollout of a resource',
    group: deploy,
    long: 'Follow and steer the rollouts of deployments, daemon sets and stateful sets.',
  },
  {
    path: ['rollout', 'history'],
    short: 'View rollout history',
    load: async () => (await import('./rollout/history.ts')).rolloutHistoryCommand,
  },
  {
    path: ['rollout', 'pause'],
    short: 'Mark the provided resource as paused',
    load: async () => (await import('./rollout/changes.ts')).rolloutPauseCommand,
  },
  {
    path: ['rollout', 'restart'],
    short: 'Restart a resource',
    load: async () => (await import('./rollout/changes.ts')).rolloutRestartCommand,
  },
  {
    path: ['rollout', 'resume'],
    short: 'Resume a paused resource',
    load: async () => (await import('./rollout/changes.ts')).rolloutResumeCommand,
  },
  {
    path: ['rollout', 'status'],
    short: 'Show the status of the rollout',
    load: async () => (await import('./rollout/status.ts')).rolloutStatusCommand,
  },
  {
    path: ['rollout', 'undo'],
    short: 'Undo a previous rollout',
    load: async () => (await import('./rollout/undo.ts')).rolloutUndoCommand,
  },
  {
    path: ['scale'],
    short: 'Set a new size for a deployment, replica set, or replication controller',
    group: deploy,
    load: async () => (await import('./scale.ts')).scaleCommand,
  },
  {
    path: ['autoscale'],
    short: 'Auto-scale a deployment, replica set, stateful set, or replication controller',
    group: deploy,
    load: async () => (await import('./autoscale.ts')).autoscaleCommand,
  },
  {
    path: ['api-resources'],
    short: 'Print the supported API resources on the server',
    group: other,
    load: async () => (await import('./api-resources.ts')).apiResourcesCommand,
  },
  {
    path: ['diff'],
    short: 'Diff the live version against a would-be applied version',
    group: advanced,
    load: async () => (await import('./diff.ts')).diffCommand,
  },
  {
    path: ['apply'],
    short: 'Apply a configuration to a resource by file name or stdin',
    group: advanced,
    switches: [
      'R',
      'all',
      'allow-missing-template-keys',
      'cascade',
      'dry-run',
      'force',
      'force-conflicts',
      'include-uninitialized',
      'openapi-patch',
      'overwrite',
      'prune',
      'record',
      'recursive',
      'server-side',
      'show-managed-fields',
      'validate',
      'wait',
    ],
    load: async () => (await import('./apply.ts')).applyCommand,
  },
  {
    path: ['apply', 'edit-last-applied'],
    short: 'Edit latest last-applied-configuration annotations of a resource/object',
    load: async () => (await import('./apply/edit-last-applied.ts')).editLastAppliedCommand,
  },
  {
    path: ['apply', 'set-last-applied'],
    short: 'Set the last-applied-configuration annotation on a live object to match the contents of a file',
    load: async () => (await import('./apply/set-last-applied.ts')).setLastAppliedCommand,
  },
  {
    path: ['apply', 'view-last-applied'],
    short: 'View the latest last-applied-configuration annotations of a resource/object',
    load: async () => (await import('./apply/view-last-applied.ts')).viewLastAppliedCommand,
  },
  {
    path: ['patch'],
    short: 'Update fields of a resource',
    group: advanced,
    load: async () => (await import('./patch.ts')).patchCommand,
  },
  {
    path: ['replace'],
    short: 'Replace a resource by file name or stdin',
    group: advanced,
    load: async () => (await import('./replace.ts')).replaceCommand,
  },
  {
    path: ['wait'],
    short: 'Wait for a specific condition on one or many resources',
    group: advanced,
    load: async () => (await import('./wait.ts')).waitCommand,
  },
  {
    path: ['kustomize'],
    short: 'Build a kustomization target from a directory or URL',
    group: advanced,
    load: async () => (await import('./kustomize.ts')).kustomizeCommand,
  },
  {
    path: ['label'],
    short: 'Update the labels on a resource',
    group: settings,
    load: async () => (await import('./label.ts')).labelCommand,
  },
  {
    path: ['annotate'],
    short: 'Update the annotations on a resource',
    group: settings,
    load: async () => (await import('./annotate.ts')).annotateCommand,
  },
  {
    path: ['cluster'],
    short: 'Start and manage local clusters',
    group: localClusters,
    long: 'Start, stop and list clusters of our own control plane on this machine.',
  },
  {
    path: ['cluster', 'start'],
    short: 'Start a local cluster',
    load: async () => (await import('./cluster/start.ts')).clusterStartCommand,
  },
  {
    path: ['cluster', 'stop'],
    short: 'Stop a local cluster; it keeps what it has stored',
    load: async () => (await import('./cluster/manage.ts')).clusterStopCommand,
  },
  {
    path: ['cluster', 'status'],
    short: 'Tell whether a local cluster runs; the exit code is 1 when it does not',
    load: async () => (await import('./cluster/manage.ts')).clusterStatusCommand,
  },
  {
    path: ['cluster', 'delete'],
    short: 'Stop a local cluster and remove everything of it',
    load: async () => (await import('./cluster/manage.ts')).clusterDeleteCommand,
  },
  {
    path: ['cluster', 'logs'],
    short: 'Print the log of a local cluster',
    load: async () => (await import('./cluster/manage.ts')).clusterLogsCommand,
  },
  {
    path: ['cluster', 'list'],
    short: 'List the local clusters',
    load: async () => (await import('./cluster/manage.ts')).clusterListCommand,
  },
  {
    path: ['cluster', 'serve'],
    short: 'Run a cluster in the foreground',
    hidden: true,
    load: async () => (await import('./cluster/serve.ts')).clusterServeCommand,
  },
  {
    path: ['certificate'],
    alone: 'succeeds',
    short: 'Modify certificate resources',
    group: clusterManagement,
    long: 'Decide about requests for certificates.',
  },
  {
    path: ['certificate', 'approve'],
    short: 'Approve a certificate signing request',
    load: async () => (await import('./certificate/decide.ts')).certificateApproveCommand,
  },
  {
    path: ['certificate', 'deny'],
    short: 'Deny a certificate signing request',
    load: async () => (await import('./certificate/decide.ts')).certificateDenyCommand,
  },
  {
    path: ['cluster-info'],
    short: 'Display cluster information',
    group: clusterManagement,
    load: async () => (await import('./cluster-info.ts')).clusterInfoCommand,
  },
  {
    path: ['top'],
    usage: '[flags]',
    suggestFor: ['stats'],
    short: 'Display resource (CPU/memory) usage',
    group: clusterManagement,
    long: 'Show what nodes and pods use, as the Metrics Server measures it; it must be installed in the cluster.',
  },
  {
    path: ['top', 'node'],
    short: 'Display resource (CPU/memory) usage of nodes',
    aliases: ['nodes', 'no'],
    load: async () => (await import('./top/node.ts')).topNodeCommand,
  },
  {
    path: ['top', 'pod'],
    short: 'Display resource (CPU/memory) usage of pods',
    aliases: ['pods', 'po'],
    load: async () => (await import('./top/pod.ts')).topPodCommand,
  },
  {
    path: ['cluster-info', 'dump'],
    short: 'Dump relevant information for debugging and diagnosis',
    load: async () => (await import('./cluster-info/dump.ts')).clusterInfoDumpCommand,
  },
  {
    path: ['cordon'],
    short: 'Mark node as unschedulable',
    group: clusterManagement,
    load: async () => (await import('./cordon.ts')).cordonCommand,
  },
  {
    path: ['uncordon'],
    short: 'Mark node as schedulable',
    group: clusterManagement,
    load: async () => (await import('./uncordon.ts')).uncordonCommand,
  },
  {
    path: ['drain'],
    short: 'Drain node in preparation for maintenance',
    group: clusterManagement,
    load: async () => (await import('./drain.ts')).drainCommand,
  },
  {
    path: ['taint'],
    short: 'Update the taints on one or more nodes',
    group: clusterManagement,
    load: async () => (await import('./taint.ts')).taintCommand,
  },
  {
    path: ['completion'],
    short: 'Output shell completion code for the specified shell (bash, zsh, fish, or powershell)',
    group: settings,
    load: async () => (await import('./completion.ts')).completionCommand,
  },
  {
    path: ['api-versions'],
    short: 'Print the supported API versions on the server, in the form of "group/version"',
    group: other,
    load: async () => (await import('./api-versions.ts')).apiVersionsCommand,
  },
  {
    path: ['config'],
    short: 'Modify kubeconfig files',
    group: other,
    long:
      'Change and show kubeconfig files.\n\n' +
      'With --kubeconfig only that file is read. Else $KUBECONFIG lists files that are merged: a value is changed in the ' +
      'file that has it, and a new one goes to the first file that exists, or makes the last one. Else it is ' +
      '${HOME}/.kube/config.',
  },
  ...(
    [
      [
        'current-context',
        'Display the current-context',
        async () => (await import('./config/current-context.ts')).currentContextCommand,
      ],
      [
        'delete-cluster',
        'Delete the specified cluster from the kubeconfig',
        async () => (await import('./config/delete.ts')).deleteClusterCommand,
      ],
      [
        'delete-context',
        'Delete the specified context from the kubeconfig',
        async () => (await import('./config/delete.ts')).deleteContextCommand,
      ],
      [
        'delete-user',
        'Delete the specified user from the kubeconfig',
        async () => (await import('./config/delete.ts')).deleteUserCommand,
      ],
      [
        'get-clusters',
        'Display clusters defined in the kubeconfig',
        async () => (await import('./config/get.ts')).getClustersCommand,
      ],
      [
        'get-contexts',
        'Describe one or many contexts',
        async () => (await import('./config/get.ts')).getContextsCommand,
      ],
      [
        'get-users',
        'Display users defined in the kubeconfig',
        async () => (await import('./config/get.ts')).getUsersCommand,
      ],
      [
        'rename-context',
        'Rename a context from the kubeconfig file',
        async () => (await import('./config/rename-context.ts')).renameContextCommand,
      ],
      ['set', 'Set an individual value in a kubeconfig file', async () => (await import('./config/set.ts')).setCommand],
      [
        'set-cluster',
        'Set a cluster entry in kubeconfig',
        async () => (await import('./config/set-cluster.ts')).setClusterCommand,
      ],
      [
        'set-context',
        'Set a context entry in kubeconfig',
        async () => (await import('./config/set-context.ts')).setContextCommand,
      ],
      [
        'set-credentials',
        'Set a user entry in kubeconfig',
        async () => (await import('./config/set-credentials.ts')).setCredentialsCommand,
      ],
      [
        'unset',
        'Unset an individual value in a kubeconfig file',
        async () => (await import('./config/set.ts')).unsetCommand,
      ],
      [
        'use-context',
        'Set the current-context in a kubeconfig file',
        async () => (await import('./config/use-context.ts')).useContextCommand,
      ],
      [
        'view',
        'Display merged kubeconfig settings or a specified kubeconfig file',
        async () => (await import('./config/view.ts')).viewCommand,
      ],
    ] as const
  ).map(([name, short, load]): CommandEntry => ({
    path: ['config', name],
    short,
    ...(name === 'use-context' ? { aliases: ['use'] } : {}),
    load,
  })),
  {
    path: ['credential-helper'],
    short: 'Hand out credentials from the system keychain to kubectl',
    hidden: true,
    load: async () => (await import('./credential-helper.ts')).credentialHelperCommand,
  },
  {
    path: ['kuberc'],
    short: 'Manage kuberc configuration files',
    group: other,
    long: 'Defaults for flags and commands of your own live in ${HOME}/.kube/kuberc, or where $KUBERC or --kuberc say. KUBERC=off turns them off.',
  },
  {
    path: ['kuberc', 'set'],
    short: 'Set values in the kuberc configuration',
    load: async () => (await import('./kuberc/set.ts')).kubercSetCommand,
  },
  {
    path: ['kuberc', 'view'],
    short: 'Display the current kuberc configuration',
    load: async () => (await import('./kuberc/view.ts')).kubercViewCommand,
  },
  {
    path: ['plugin'],
    usage: '[flags]',
    short: 'Provides utilities for interacting with plugins',
    group: other,
    long:
      'Plugins are programs on the PATH whose names begin with "kubectl-": `kubectl foo bar` runs kubectl-foo-bar, or ' +
      'kubectl-foo with the argument bar.\n\nMany of them can be found with krew: https://krew.sigs.k8s.io',
  },
  {
    path: ['plugin', 'list'],
    short: "List all visible plugin executables on a user's PATH",
    load: async () => (await import('./plugin/list.ts')).pluginListCommand(commandNamed),
  },
  {
    path: ['version'],
    short: 'Print the client and server version information',
    group: other,
    load: async () => (await import('./version.ts')).versionCommand,
  },
  ...(['__complete', '__completeNoDesc'] as const).map((name): CommandEntry => ({
    path: [name],
    short: 'Request shell completion choices for the specified command-line',
    hidden: true,
    load: async () => (await import('./complete.ts')).completeCommand(commandTable, name),
  })),
  {
    path: ['alpha'],
    short: 'Commands for features in alpha',
    hidden: true,
    load: async () => (await import('./alpha.ts')).alphaCommand,
  },
  {
    path: ['options'],
    short: 'List the flags that every command has',
    hidden: true,
    load: async () => (await import('./options.ts')).optionsCommand,
  },
];

/** The command that words lead to, as far as they do: `kubectl create` for `create foo`; undefined for none. */
function commandNamed(words: readonly string[]): string | undefined {
  let found: CommandEntry | undefined;
  for (const word of words) {
    const path = [...(found?.path ?? []), word].join(' ');
    const next = commandTable.find((entry) => entry.path.join(' ') === path);
    if (next === undefined) break;
    found = next;
  }
  return found === undefined ? undefined : ['kubectl', ...found.path].join(' ');
}
