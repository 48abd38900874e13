import { testRecordedSession } from '../support/recorded-session.ts';

testRecordedSession('apply');
testRecordedSession('applyset');
