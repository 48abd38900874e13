/** Lines of the log carry their weight as a letter: info, warning, error, and what the program ends with. */
export type KlogSeverity = 'I' | 'W' | 'E' | 'F';

/**
 * A line as klog, the logger of the Kubernetes programs, writes it: a header with the local time, the process and the
 * place, and the message.
 * @param millis since the Unix epoch
 * @param source file and line of the real program that says so, `helpers.go:719`
 * @returns the line with its end
 */
export function klogLine(severity: KlogSeverity, millis: number, source: string, message: string): string {
  const time = new Date(millis);
  const two = (value: number): string => String(value).padStart(2, '0');
  const date = `${two(time.getMonth() + 1)}${two(time.getDate())}`;
  const clock = `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
  const micros = String(Math.floor((millis - Math.floor(millis / 1000) * 1000) * 1000)).padStart(6, '0');
  const id = String(process.pid).padStart(7, ' ');
  return `${severity}${date} ${clock}.${micros} ${id} ${source}] ${message}${message.endsWith('\n') ? '' : '\n'}`;
}

/**
 * Tells what happens where -v asks for that much of a file of the real program.
 * @param source file and line of the real program that says so, `podcmd.go:84`
 * @param text made only where it is told
 */
export type VerboseLog = (level: number, source: string, text: string | (() => string)) => void;
