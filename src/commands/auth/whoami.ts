import type { Unstructured } from '../../apimachinery/object-meta.ts';
import { StatusError } from '../../apimachinery/status.ts';
import { CommandError, defineCommand } from '../../cli/command.ts';
import { printFlags, standardFormats } from '../../cli/flags.ts';
import { typedAnswers } from '../../cli/typed-answers.ts';
import { typedPrinter } from '../../cli/typed-objects.ts';
import { NamePrinter } from '../../printers/name-printer.ts';
import type { ObjectPrinter } from '../../printers/printer.ts';
import { TabWriter } from '../../printers/tab-writer.ts';

interface UserInfo {
  readonly username?: string;
  readonly uid?: string;
  readonly groups?: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

type Review = Unstructured & { readonly status?: { readonly userInfo?: UserInfo } };

const group = 'authentication.k8s.io';

/** `auth whoami`: who the server takes one for. */
export const whoAmICommand = defineCommand<{ readonly printer: ObjectPrinter | undefined }>({
  path: ['auth', 'whoami'],
  usage: '',
  short: 'Experimental: Check self subject attributes',
  long: 'Show the name, the groups and the other attributes that the server knows of who asks.',
  examples:
    '  # As a table\n  kubectl auth whoami\n\n  # With everything the server tells\n  kubectl auth whoami -o yaml',
  flags: printFlags({ formats: standardFormats }),
  async toOptions(_args, flags, context) {
    // A template alone changes nothing; an empty form is one, of names.
    if (!flags.changed('output')) return { printer: undefined };
    return { printer: (await typedPrinter(flags, context)) ?? new NamePrinter({ operation: '' }) };
  },
  async run({ printer }, context) {
    const client = await context.cluster.client();
    const review = await askWith(async (version) => {
      const asked = {
        kind: 'SelfSubjectReview',
        apiVersion: `${group}/${version}`,
        metadata: {},
        status: { userInfo: {} },
      };
      const reviews = { group, version, resource: 'selfsubjectreviews' };
      return client.resource<Review>(reviews, undefined, typedAnswers(asked, context)).create(asked);
    });
    context.streams.out.write(printer?.print(review) ?? table(review.status?.userInfo ?? {}));
  },
});

/** Asks with the newest version that the server has. */
async function askWith(ask: (version: string) => Promise<Review>): Promise<Review> {
  for (const version of ['v1', 'v1beta1', 'v1alpha1']) {
    try {
      return await ask(version);
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      if (error.reason === 'Forbidden') {
        throw new CommandError(
          'the selfsubjectreviews API is not enabled in the cluster or you do not have permission to call it',
        );
      }
      if (error.reason !== 'NotFound') throw error;
    }
  }
  throw new CommandError('the selfsubjectreviews API is not enabled in the cluster');
}

function table({ username = '', uid = '', groups = [], extra = {} }: UserInfo): string {
  const writer = new TabWriter();
  writer.write('ATTRIBUTE\tVALUE\n');
  if (username !== '') writer.write(`Username\t${username}\n`);
  if (uid !== '') writer.write(`UID\t${uid}\n`);
  if (groups.length > 0) writer.write(`Groups\t[${groups.join(' ')}]\n`);
  for (const key of Object.keys(extra).toSorted()) {
    writer.write(`Extra: ${key}\t[${(extra[key] ?? []).join(' ')}]\n`);
  }
  return writer.flush();
}
