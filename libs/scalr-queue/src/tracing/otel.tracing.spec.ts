import { trace } from '@opentelemetry/api';
import { idOf, setUpTracing, traceOf } from '../../../../test/support/tracing.js';
import { OtelTracing } from './otel.tracing.js';
import { inTrace } from './thread-trace.js';

const { inRequest } = setUpTracing();
const active = () => trace.getActiveSpan()?.spanContext();

it('gives a job the trace that its call is in, and nothing where there is none', async () => {
  const tracing = new OtelTracing('shop');
  const options = { attempts: 3 };
  expect(tracing.carrier()).toBeUndefined();
  expect(tracing.carried(options)).toBe(options);
  expect(tracing.traceId()).toBeUndefined();
  let told: unknown[] = [];
  const request = await inRequest(async () => {
    told = [tracing.carried(options), tracing.traceId()];
  });
  const traceparent = `00-${traceOf(request)}-${idOf(request)}-01`;
  expect(told).toEqual([
    { attempts: 3, telemetry: { metadata: JSON.stringify({ traceparent }) } },
    traceOf(request),
  ]);
});

it('runs the work of a thread in the trace that it carries', async () => {
  let carrier: string | undefined;
  const request = await inRequest(async () => {
    carrier = new OtelTracing('shop').carrier();
  });
  const seen = await inTrace(carrier, async () => active());
  expect(seen).toMatchObject({ traceId: traceOf(request), spanId: idOf(request), isRemote: true });
  expect(await inTrace(undefined, async () => [active()])).toEqual([undefined]);
});
