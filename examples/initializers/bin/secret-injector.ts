import { report, runProgram } from '../program.ts';
import { secretInjector } from '../secret-injector.ts';

runProgram(() => secretInjector).catch(report);
