import { vi } from 'vitest';
import { MetricRegistry } from './metric.registry.js';

describe('the metrics of an app', () => {
  it('are loaded for who reads them, or once a thousand things were counted', async () => {
    const metrics = new MetricRegistry({ app: 'shop' } as never);
    const load = vi.spyOn(metrics, 'load');
    const counter = metrics.counter({ name: 'calls_total', help: 'Calls.', labelNames: ['by'] });
    const count = (times: number) => {
      for (let n = 0; n < times; n++) counter.inc({ by: 'me' });
    };
    count(999);
    expect(load).not.toHaveBeenCalled();
    count(1);
    expect(load).toHaveBeenCalledOnce();
    await load.mock.results[0]!.value;
    count(2_000);
    expect(load).toHaveBeenCalledOnce();
  });
});
