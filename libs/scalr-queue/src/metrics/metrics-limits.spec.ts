import { Logger } from '@nestjs/common';
import { onTestFinished, vi } from 'vitest';
import { parseScrape } from '../../../../test/support/prometheus-text.js';
import { queueOf as anyQueue, type QueueInfo } from '../../../../test/support/queue-info.js';
import { workerOf } from '../../../../test/support/worker-info.js';
import type { QueueEngine } from '../engine/queue.engine.js';
import type { AppSnapshot, AppState } from '../inspection/app.state.js';
import { JobEvents } from '../observability/job-event.stream.js';
import type { SchedulesService } from '../scheduling/schedules.service.js';
import { JobMetrics } from './job.metrics.js';
import { MetricRegistry } from './metric.registry.js';
import { ScheduleMetrics } from './schedule.metrics.js';
import { StateMetrics } from './state.metrics.js';

const registryOf = () => new MetricRegistry({ app: 'shop' } as never);
const GLOBAL = { app: 'shop', scope: 'global' };
const queueOf = (name: string, rest: Partial<QueueInfo> = {}) => anyQueue({ name, ...rest });

async function stateOf(snapshot: Partial<AppSnapshot>, server?: object) {
  const metrics = registryOf();
  const engine = { ready: true, serverState: async () => server } as unknown as QueueEngine;
  const recent = async () => ({ queues: [], workers: [], unhandled: [], ...snapshot });
  await new StateMetrics(metrics, { recent } as unknown as AppState, engine).refresh();
  return parseScrape(await metrics.text());
}

describe('the state', () => {
  it('is told of each queue, of the workers, and of Redis', async () => {
    const queues = [
      queueOf('mail', { waiting: 1, delayed: 2, running: 3, dead: 4, paused: true, stalls: 5 }),
      queueOf('pdf'),
    ];
    const workers = [
      workerOf({ id: 'a', queues: ['mail'], program: 'billing', folder: '/b' }),
      workerOf({ id: 'b', queues: ['mail', 'pdf'], program: 'billing', folder: '/b' }),
      workerOf({ id: 'c', queues: ['mail'], program: 'crm', folder: '/c', draining: true }),
    ];
    const unhandled = ['old', 'older'].map((name) => ({ name, queue: 'mail' }));
    const server = { memory: 100, maxMemory: 400, clients: 7, durable: true };
    const { valueOf } = await stateOf({ queues, workers, unhandled }, server);
    const of = (queue: string, names: string[]) =>
      names.map((name) => valueOf(`scalr_queue_${name}`, { ...GLOBAL, queue }));
    const names = ['paused', 'stalls', 'queue_workers', 'unhandled_job_kinds'];
    expect(of('mail', names)).toEqual([1, 5, 2, 2]);
    expect(of('pdf', names)).toEqual([0, 0, 1, 0]);
    for (const [at, state] of ['waiting', 'delayed', 'running', 'dead'].entries())
      expect(valueOf('scalr_queue_jobs', { ...GLOBAL, queue: 'mail', state })).toBe(at + 1);
    const app = [
      'workers',
      'programs',
      'queues_without_series',
      'redis_memory_bytes',
      'redis_max_memory_bytes',
      'redis_clients',
      'redis_durable',
    ];
    expect(app.map((name) => valueOf(`scalr_queue_${name}`, GLOBAL))).toEqual([3, 2, 0, 100, 400, 7, 1]);
    const lossy = await stateOf({}, { ...server, durable: false });
    expect(lossy.valueOf('scalr_queue_redis_durable', GLOBAL)).toBe(0);
    expect((await stateOf({})).names.filter((name) => name.includes('redis_m'))).toEqual([]);
  });

  it('is told of the hundred queues with the largest backlog, then the most dead jobs, and of the sum of the others', async () => {
    const warn = vi.spyOn(Logger.prototype, 'warn').mockReturnValue();
    onTestFinished(() => warn.mockRestore());
    const empty = Array.from({ length: 98 }, (_, n) => queueOf(`e${n}`, { dead: 1 }));
    const queues = [
      queueOf('none'),
      queueOf('one-dead', { dead: 1 }),
      ...empty,
      queueOf('delayed', { delayed: 1 }),
      queueOf('running', { running: 2, dead: 9 }),
    ];
    const { valueOf, labelsOf } = await stateOf({ queues });
    const shown = labelsOf('scalr_queue_paused', 'queue');
    expect(shown).toHaveLength(100);
    expect(shown.slice(0, 2)).toEqual(['running', 'delayed']);
    expect(shown).not.toContain('none');
    const rest = (state: string) => valueOf('scalr_queue_jobs', { ...GLOBAL, queue: '~other', state });
    expect([rest('dead'), rest('waiting')]).toEqual([1, 0]);
    expect(valueOf('scalr_queue_queues_without_series', GLOBAL)).toBe(2);
  });
});

it('tells of two hundred schedules, and counts all of them', async () => {
  const metrics = registryOf();
  const schedules = Array.from({ length: 201 }, (_, n) => ({
    name: `s${n}`,
    queue: 'q',
    paused: n === 0,
    nextRunAt: new Date(1_000),
  }));
  const service = { list: async () => schedules } as unknown as SchedulesService;
  const engine = { ready: true } as QueueEngine;
  await new ScheduleMetrics(metrics, engine, service).refresh();
  const { valueOf, labelsOf } = parseScrape(await metrics.text());
  expect(labelsOf('scalr_queue_schedule_next_run_timestamp_seconds', 'schedule')).toHaveLength(200);
  expect(valueOf('scalr_queue_schedules', { ...GLOBAL, state: 'active' })).toBe(200);
  expect(valueOf('scalr_queue_schedules', { ...GLOBAL, state: 'paused' })).toBe(1);
});

it('names two hundred jobs and a hundred queues, and calls all others the same', async () => {
  const metrics = registryOf();
  const events = new JobEvents();
  const engine = { types: { knows: (name: string) => name.startsWith('j') } } as unknown as QueueEngine;
  expect(new JobMetrics(metrics, engine, events)).toBeDefined();
  const stall = (name: string, queue: string) => events.emit('stalled', () => ({ id: '1', name, queue }));
  stall('unknown', 'q0');
  for (let n = 0; n < 201; n++) stall(`j${n}`, 'q0');
  for (let n = 1; n < 101; n++) stall('j0', `q${n}`);
  stall('j199', 'q99');
  const { valueOf, samples } = parseScrape(await metrics.text());
  const of = (job_name: string, queue: string) =>
    valueOf('scalr_queue_jobs_stalled_total', { app: 'shop', job_name, queue });
  expect([of('j199', 'q0'), of('j200', 'q0'), of('other', 'q0')]).toEqual([1, undefined, 2]);
  expect([of('j0', 'q99'), of('j0', 'q100'), of('j0', 'other')]).toEqual([1, undefined, 1]);
  expect(of('j199', 'q99')).toBe(1);
  expect(samples.filter(({ name }) => name === 'scalr_queue_jobs_stalled_total')).toHaveLength(302);
});
