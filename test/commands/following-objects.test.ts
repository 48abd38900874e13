import { testRecordedSession } from '../support/recorded-session.ts';
import { createRolloutRevisions } from '../support/rollout-revisions.ts';

testRecordedSession('about-cluster');
testRecordedSession('rollout');
testRecordedSession('rollout-revisions', createRolloutRevisions);
testRecordedSession('wait');
