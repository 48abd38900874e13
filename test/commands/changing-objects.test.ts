import { testRecordedSession } from '../support/recorded-session.ts';

testRecordedSession('flag-values');
testRecordedSession('missing-namespace');
testRecordedSession('refused-values');
testRecordedSession('unreadable-metadata');
testRecordedSession('unreadable-manifests');
testRecordedSession('manifests-without-version');
testRecordedSession('manifests-in-order');
testRecordedSession('typed-manifests');
testRecordedSession('folders-without-manifests');
testRecordedSession('patch-texts');
testRecordedSession('field-order');
testRecordedSession('input');
testRecordedSession('annotate');
testRecordedSession('label');
testRecordedSession('patch');
testRecordedSession('replace');
testRecordedSession('scale');
