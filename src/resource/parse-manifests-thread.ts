// The program of the thread that parses manifests (see ParseBeside), a file of its own in dist/.
import { answerQuestions } from '../system/worker-thread.ts';
import { plainDocuments } from './plain-documents.ts';

answerQuestions((texts) => (texts as readonly string[]).map(plainDocuments));
