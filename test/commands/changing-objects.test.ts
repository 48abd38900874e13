import { testRecordedSession } from '../support/recorded-session.ts';

testRecordedSession('flag-values');
testRecordedSession('missing-namespace');
testRecordedSession('refused-values');
testRecordedSession('unreadable-metadata');
testRecordedSession('input');
testRecordedSession('annotate');
testRecordedSession('label');
testRecordedSession('patch');
testRecordedSession('replace');
testRecordedSession('scale');
