import { Logger } from '@nestjs/common';
import { onTestFinished, vi } from 'vitest';
import { parseScrape } from '../../../../test/support/prometheus-text.js';
import type { QueueEngine } from '../engine/queue.engine.js';
import type { AppSnapshot, AppState } from '../inspection/app.state.js';
import { JobEvents } from '../observability/job-event.stream.js';
import type { JobEventMap, JobEventName } from '../observability/job-events.js';
import type { ScheduleInfo, SchedulesService } from '../scheduling/schedules.service.js';
import { JobMetrics } from './job.metrics.js';
import { MetricRegistry } from './metric.registry.js';
import { checkMetricsAccess, MetricsTokenGuard } from './metrics.access.js';
import { processMetrics } from './process.metrics.js';
import { ScheduleMetrics } from './schedule.metrics.js';
import { StateMetrics } from './state.metrics.js';

const registryOf = () => new MetricRegistry({ app: 'shop' } as never);
const job = { id: '1', name: 'mail', queue: 'default' };
const attempt = { ...job, attempt: 1, maxAttempts: 3, waitMs: 2_000, runMs: 3_000 };
const error = { name: 'Error', message: 'no' };
const slot = { ...job, schedule: 'nightly', slot: new Date(0) };

/** What one event of a process adds to its metrics, but for the buckets. */
async function countedBy<Name extends JobEventName>(name: Name, event: JobEventMap[Name]) {
  const metrics = registryOf();
  const events = new JobEvents();
  const knows = (known: string) => known === 'mail';
  expect(new JobMetrics(metrics, { types: { knows } } as unknown as QueueEngine, events)).toBeDefined();
  events.emit(name, () => event);
  const { samples } = parseScrape(await metrics.text());
  return samples
    .filter((one) => !one.name.endsWith('_bucket'))
    .map((one) => {
      const { app, queue, job_name, ...more } = one.labels;
      expect(app).toBe('shop');
      return [
        one.name.replace('scalr_queue_', ''),
        one.value,
        `${queue}/${job_name}`,
        ...Object.values(more),
      ];
    });
}

describe('the metrics of jobs', () => {
  it('lose nothing of what was counted before somebody reads them, however much it is', async () => {
    const metrics = registryOf();
    const counter = metrics.counter({ name: 'calls_total', help: 'Calls.', labelNames: ['by'] });
    const times = metrics.histogram({ name: 'seconds', help: 'Time.', labelNames: ['by'], buckets: [1] });
    const count = () => {
      counter.inc({ by: 'me' });
      times.observe({ by: 'me' }, 2);
    };
    for (let n = 0; n < 1_500; n++) count();
    for (let n = 0; n < 30; n++) counter.inc({ by: 'you' });
    const valueOf = async (name: string) =>
      parseScrape(await metrics.text()).samples.find((one) => one.name === name)?.value;
    expect([await valueOf('calls_total'), await valueOf('seconds_sum')]).toEqual([1_500, 3_000]);
    count();
    expect([await valueOf('calls_total'), await valueOf('seconds_sum')]).toEqual([1_501, 3_002]);
    const { samples } = parseScrape(await metrics.text());
    expect(samples.find(({ labels }) => labels['by'] === 'you')?.value).toBe(30);
  });

  const of = 'default/mail';
  it.each<[JobEventName, object, (string | number)[][]]>([
    ['enqueued', { ...job, status: 'created' }, [['jobs_enqueued_total', 1, of, 'created']]],
    ['enqueue-failed', { ...job, code: 'QUEUE_FULL' }, [['enqueue_failures_total', 1, of, 'QUEUE_FULL']]],
    [
      'enqueue-failed',
      { code: 'UNKNOWN_JOB' },
      [['enqueue_failures_total', 1, 'other/other', 'UNKNOWN_JOB']],
    ],
    [
      'started',
      attempt,
      [
        ['job_wait_seconds_sum', 2, of],
        ['job_wait_seconds_count', 1, of],
      ],
    ],
    ['started', { ...attempt, waitMs: undefined }, []],
    [
      'completed',
      attempt,
      [
        ['jobs_completed_total', 1, of],
        ['job_run_seconds_sum', 3, of, 'completed'],
        ['job_run_seconds_count', 1, of, 'completed'],
      ],
    ],
    [
      'retrying',
      { ...attempt, error, delayMs: 5 },
      [
        ['jobs_failed_total', 1, of],
        ['jobs_retried_total', 1, of],
        ['job_run_seconds_sum', 3, of, 'failed'],
        ['job_run_seconds_count', 1, of, 'failed'],
      ],
    ],
    [
      'dead',
      { ...attempt, error, reason: 'attempts' },
      [
        ['jobs_failed_total', 1, of],
        ['jobs_dead_total', 1, of, 'attempts'],
        ['job_run_seconds_sum', 3, of, 'failed'],
        ['job_run_seconds_count', 1, of, 'failed'],
      ],
    ],
    ['stalled', job, [['jobs_stalled_total', 1, of]]],
    ['lock-lost', { ...job, cause: 'late', connectionLost: false }, [['locks_lost_total', 1, of]]],
    ['blocked', { ...job, blockedMs: 1, lockMs: 1, handlers: [] }, [['worker_blocked_total', 1, of]]],
    ['data-missing', job, [['jobs_missing_total', 1, of]]],
    ['cancelled', { ...job, was: 'waiting' }, [['jobs_cancelled_total', 1, of]]],
    ['missed', slot, [['jobs_missed_total', 1, of]]],
    ['skipped', { ...slot, reason: 'paused' }, [['jobs_skipped_total', 1, of, 'paused']]],
    ['handed-back', job, [['jobs_handed_back_total', 1, of]]],
    ['postponed', attempt, [['jobs_postponed_total', 1, of]]],
    [
      'cancelled',
      { ...job, name: 'not-defined', was: 'waiting' },
      [['jobs_cancelled_total', 1, 'default/other']],
    ],
  ])('count "%s"', async (name, event, expected) => {
    expect(await countedBy(name, event as never)).toEqual(expected);
  });

  it('sort times into the same buckets in every release: their series are stored', async () => {
    const metrics = registryOf();
    const events = new JobEvents();
    expect(
      new JobMetrics(metrics, { types: { knows: () => true } } as unknown as QueueEngine, events),
    ).toBeDefined();
    events.emit('completed', () => attempt);
    const { labelsOf } = parseScrape(await metrics.text());
    expect(labelsOf('scalr_queue_job_run_seconds_bucket', 'le').join(' ')).toBe(
      '0.005 0.01 0.025 0.05 0.1 0.25 0.5 1 2.5 5 10 30 60 300 1800 3600 +Inf',
    );
  });
});

describe('the metrics of schedules', () => {
  const at = (seconds: number) => new Date(seconds * 1_000);
  it('tell times in seconds, and how late a slot is that is due', async () => {
    vi.useFakeTimers({ now: at(1_000), toFake: ['Date'] });
    onTestFinished(() => void vi.useRealTimers());
    const schedules: ScheduleInfo[] = [
      {
        name: 'late',
        queue: 'q',
        paused: false,
        nextRunAt: at(1_100),
        lateSince: at(940),
        lastRunAt: at(900),
        lastSuccessAt: at(800),
        lastMissedAt: at(700),
      },
      { name: 'held', queue: 'q', paused: true, nextRunAt: at(1_200) },
      { name: 'fresh', queue: 'q', paused: false, nextRunAt: at(1_300) },
    ];
    const metrics = registryOf();
    const list = async () => schedules;
    const shown = new ScheduleMetrics(
      metrics,
      { ready: true } as QueueEngine,
      { list } as unknown as SchedulesService,
    );
    await shown.refresh();
    const { valueOf, samples } = parseScrape(await metrics.text());
    const scope = { app: 'shop', scope: 'global' };
    expect(valueOf('scalr_queue_schedules', { ...scope, state: 'active' })).toBe(2);
    expect(valueOf('scalr_queue_schedules', { ...scope, state: 'paused' })).toBe(1);
    const of = (schedule: string) =>
      samples
        .filter(({ labels }) => labels['schedule'] === schedule)
        .map(({ name, value }) => [name.replace('scalr_queue_schedule_', ''), value]);
    expect(of('late')).toEqual([
      ['last_run_timestamp_seconds', 900],
      ['next_run_timestamp_seconds', 1_100],
      ['last_success_timestamp_seconds', 800],
      ['last_missed_timestamp_seconds', 700],
      ['late_seconds', 60],
    ]);
    expect(of('fresh')).toEqual([
      ['next_run_timestamp_seconds', 1_300],
      ['late_seconds', 0],
    ]);
  });
});

describe('the metrics of the state', () => {
  const queueOf = (name: string, waiting: number): AppSnapshot['queues'][number] => ({
    name,
    waiting,
    delayed: 0,
    running: 0,
    dead: 0,
    paused: false,
    oldestPendingAgeMs: 1_500,
    nextJobs: [],
  });

  function stateOf(snapshot: () => AppSnapshot | undefined) {
    const metrics = registryOf();
    const engine = { ready: true, serverState: async () => undefined } as unknown as QueueEngine;
    const state = new StateMetrics(
      metrics,
      { recent: async () => snapshot() } as unknown as AppState,
      engine,
    );
    return async () => {
      await state.refresh();
      return parseScrape(await metrics.text());
    };
  }

  it('are gone while Redis does not tell, and say that it does not', async () => {
    let answers = true;
    const read = stateOf(() =>
      answers ? { queues: [queueOf('q', 1)], workers: [], unhandled: [] } : undefined,
    );
    const up = await read();
    expect(up.valueOf('scalr_queue_redis_up', { app: 'shop' })).toBe(1);
    const q = { app: 'shop', scope: 'global', queue: 'q' };
    expect(up.valueOf('scalr_queue_jobs', { ...q, state: 'waiting' })).toBe(1);
    expect(up.valueOf('scalr_queue_oldest_pending_age_seconds', q)).toBe(1.5);
    for (const name of ['paused', 'stalls', 'queue_workers', 'unhandled_job_kinds'])
      expect([name, up.valueOf(`scalr_queue_${name}`, q)]).toEqual([name, 0]);
    answers = false;
    const down = await read();
    expect(down.valueOf('scalr_queue_redis_up', { app: 'shop' })).toBe(0);
    expect(down.names.filter((name) => !name.endsWith('redis_up'))).toEqual([]);
  });

  it('say once that there are queues without series of their own', async () => {
    const warn = vi.spyOn(Logger.prototype, 'warn').mockReturnValue();
    onTestFinished(() => warn.mockRestore());
    let count = 100;
    const queues = () => Array.from({ length: count }, (_, n) => queueOf(`q${n}`, n));
    const read = stateOf(() => ({ queues: queues(), workers: [], unhandled: [] }));
    await read();
    expect(warn).not.toHaveBeenCalled();
    count = 102;
    await read();
    await read();
    expect(warn.mock.calls.map(([text]) => String(text))).toEqual([
      expect.stringMatching(/^The app has more than 100 queues: .* add the other 2 up as queue="~other"$/),
    ]);
  });
});

it('leaves out gauges of the process that call themselves counters, and tells the same as often as it is asked', async () => {
  for (const text of [await processMetrics(), await processMetrics()]) {
    expect(text).toMatch(/^nodejs_eventloop_lag_seconds /m);
    expect(text).toMatch(/^process_cpu_seconds_total /m);
    expect(text).not.toMatch(/^nodejs_active_(handles|requests|resources)_total/m);
  }
});

describe('a scrape', () => {
  const scraping = (authorization?: string) => ({
    switchToHttp: () => ({ getRequest: () => ({ headers: { authorization } }) }),
  });
  const guarded = (authorization?: string) =>
    new MetricsTokenGuard().canActivate(scraping(authorization) as never);
  beforeEach(() => {
    vi.stubEnv('NODE_ENV', 'production');
    vi.stubEnv('SCALR_METRICS_TOKEN', undefined);
  });
  afterEach(() => void vi.unstubAllEnvs());

  it('is refused in production without a token, and free elsewhere', () => {
    expect(() => guarded()).toThrow('closed in production: set SCALR_METRICS_TOKEN to open it');
    vi.stubEnv('NODE_ENV', 'development');
    expect(guarded()).toBe(true);
    expect(() => checkMetricsAccess(undefined)).not.toThrow();
  });

  it('needs the token where there is one', () => {
    vi.stubEnv('SCALR_METRICS_TOKEN', 'a-token-of-the-tests');
    expect(guarded('Bearer a-token-of-the-tests')).toBe(true);
    for (const wrong of [undefined, '', 'Bearer', 'Bearer another', 'a-token-of-the-tests'])
      expect(() => guarded(wrong)).toThrow('Unauthorized');
  });
});
