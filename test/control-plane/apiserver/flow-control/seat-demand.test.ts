import assert from 'node:assert/strict';
import test from 'node:test';
import { FlowControl } from '../../../../src/control-plane/apiserver/flow-control/flow-control.ts';
import { SeatDemand } from '../../../../src/control-plane/apiserver/flow-control/seat-demand.ts';
import { FakeClock } from '../../../../src/system/fake-clock.ts';
import { createTestApiServer } from '../../../support/test-api-server.ts';

const empty = { average: 0, deviation: 0, highest: 0, smoothed: 0 };

test('the demand of seats is told of the last period that is over, weighted by time', async () => {
  const clock = new FakeClock();
  const demand = new SeatDemand(clock);
  await clock.advance(2000);
  demand.change(4);
  await clock.advance(5000);
  demand.change(-4);
  await clock.advance(2999);
  assert.deepEqual(demand.statistics(), empty);
  await clock.advance(1);
  assert.deepEqual(demand.statistics(), { average: 2, deviation: 2, highest: 4, smoothed: 4 });
});

test('what waits over a period counts in the next; the smoothed demand falls slowly', async () => {
  const clock = new FakeClock();
  const demand = new SeatDemand(clock);
  demand.change(10);
  await clock.advance(15_000);
  demand.change(-10);
  assert.deepEqual(demand.statistics(), { average: 10, deviation: 0, highest: 10, smoothed: 10 });
  await clock.advance(5000);
  const second = demand.statistics();
  assert.deepEqual([second.average, second.deviation, second.highest, second.smoothed], [5, 5, 10, 10]);
  await clock.advance(10_000);
  const third = demand.statistics();
  assert.deepEqual([third.average, third.deviation, third.highest], [0, 0, 0]);
  assert.ok(Math.abs(third.smoothed - 9.77) < 1e-9);
  await clock.advance(365 * 86_400_000);
  assert.ok(demand.statistics().smoothed < 1e-9);
  demand.change(1);
  await clock.advance(10_000);
  assert.equal(demand.statistics().highest, 1);
});

test('the metrics name every level, by the names of kube-apiserver', async () => {
  const clock = new FakeClock();
  const api = await createTestApiServer({ clock, flowControl: new FlowControl(clock) });
  await api.request('GET', '/api/v1/namespaces');
  await clock.advance(10_000);
  const { text } = await api.request('GET', '/metrics');
  for (const name of ['average', 'stdev', 'high_watermark', 'smoothed']) {
    const family = `apiserver_flowcontrol_demand_seats_${name}`;
    assert.match(text, new RegExp(`^# TYPE ${family} gauge$`, 'm'));
    assert.match(text, new RegExp(`^${family}\\{priority_level="catch-all"\\} 0$`, 'm'));
  }
  assert.match(text, /^apiserver_flowcontrol_demand_seats_high_watermark\{priority_level="exempt"\} 1$/m);
  await api.close();
});
