import { testRecordedSession } from '../../support/recorded-session.ts';

testRecordedSession('config-properties');
