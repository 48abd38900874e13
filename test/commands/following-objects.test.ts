import { testRecordedSession } from '../support/recorded-session.ts';

testRecordedSession('about-cluster');
testRecordedSession('rollout');
testRecordedSession('wait');
