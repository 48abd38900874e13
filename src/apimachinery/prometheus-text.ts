/** A label as Prometheus' text format (version 0.0.4) has it: `name="value"`. */
export function metricLabelText(name: string, value: string): string {
  return `${name}="${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
}

/** The two lines that begin a family of metrics. @param stability how far its name may be relied on, for those of Kubernetes */
export function metricHeader(name: string, type: string, help: string, stability?: string): readonly [string, string] {
  const text = `${stability === undefined ? '' : `[${stability}] `}${help}`;
  return [`# HELP ${name} ${text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`, `# TYPE ${name} ${type}`];
}
