import { report, runProgram } from '../program.ts';
import { proxyInjector } from '../proxy-injector.ts';

runProgram(({ image }) => proxyInjector(image === '' ? 'envoyproxy/envoy:v1.31-latest' : image)).catch(report);
