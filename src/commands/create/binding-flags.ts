import type { FlagDefinition, FlagValues } from '../../cli/command.ts';
import { type BindingSubject, bindingSubjects } from '../../generators/binding-subjects.ts';

/** --user, --group and --serviceaccount. */
export const subjectFlags: readonly FlagDefinition[] = [
  { name: 'group', type: 'stringArray', default: '[]', description: 'A group that gets the role; may be repeated' },
  {
    name: 'serviceaccount',
    type: 'stringArray',
    default: '[]',
    description: 'A service account that gets the role, as namespace:name; may be repeated',
  },
  { name: 'user', type: 'stringArray', default: '[]', description: 'A user who gets the role; may be repeated' },
];

/** The subjects that the flags name; undefined for none. @throws BindingSubjectError */
export function subjectsOf(flags: FlagValues): readonly BindingSubject[] | undefined {
  const subjects = bindingSubjects(flags.list('user'), flags.list('group'), flags.list('serviceaccount'));
  return subjects.length === 0 ? undefined : subjects;
}
