import { testRecordedSession } from '../support/recorded-session.ts';

testRecordedSession('apply');
testRecordedSession('applyset');
testRecordedSession('view-last-applied');
testRecordedSession('set-last-applied');
