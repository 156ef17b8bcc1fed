import { Logger, type LoggerService } from '@nestjs/common';
import { Redis } from 'ioredis';
import { JobEvents, jobLogFields } from 'scalr-queue';
import { onTestFinished, vi } from 'vitest';
import { startBoth, startProducer, startWorker, uniqueApp } from '../support/apps.js';
import { eventually } from '../support/eventually.js';
import { sharedRedisUrl } from '../support/redis.js';
import { Act, record, SECRET, type Seen, stage } from '../support/stage.js';

/** A logger as apps write them, which takes texts. */
function textLogger() {
  const lines: string[] = [];
  const write = (message: unknown, ...rest: unknown[]) => void lines.push([message, ...rest].join(' | '));
  const logger: LoggerService = { log: write, error: write, warn: write, debug: write };
  return { lines, logger };
}

describe('the event stream', () => {
  it('tells the life of jobs in order, with times and without payloads', async () => {
    const { seen, providers } = stage();
    const { queue, jobs, get } = await startBoth({ providers });
    const produced: Seen[] = [];
    record(get(JobEvents), produced);
    const failing = await queue.enqueue(Act, { act: 'fail', secret: SECRET });
    await jobs.waitFor(failing, { timeout: '10s' }).catch(() => undefined);
    const base = { id: failing.id, name: 'act', queue: 'stage', maxAttempts: 2 };
    const error = {
      name: 'TypeError',
      code: 'E_DB',
      message: 'no postgres://[redacted]@db/x for password=[redacted]',
    };
    const number = expect.any(Number) as number;
    await eventually(() =>
      expect(seen).toEqual([
        { event: 'started', ...base, attempt: 1, waitMs: number },
        { event: 'retrying', ...base, attempt: 1, waitMs: number, runMs: number, delayMs: number, error },
        { event: 'started', ...base, attempt: 2 },
        { event: 'dead', ...base, attempt: 2, runMs: number, reason: 'attempts', error },
      ]),
    );
    expect(produced).toEqual([
      { event: 'enqueued', id: failing.id, name: 'act', queue: 'stage', status: 'created' },
    ]);
    expect(JSON.stringify(seen)).not.toContain(SECRET);
  });

  it('tells of snoozed, discarded, completed and cancelled jobs', async () => {
    const { seen, providers } = stage();
    const { queue, jobs } = await startBoth({ providers });
    for (const act of ['snooze once', 'discard', 'succeed'] as const) {
      const job = await queue.enqueue(Act, { act });
      await jobs.waitFor(job, { timeout: '10s' }).catch(() => undefined);
    }
    await eventually(() =>
      expect(seen.map(({ event }) => event)).toEqual([
        'started',
        'postponed',
        'started',
        'completed',
        'started',
        'dead',
        'started',
        'completed',
      ]),
    );
    expect(seen[5]).toMatchObject({ reason: 'discarded', error: { name: 'Discard', message: 'not wanted' } });
    const running = await queue.enqueue(Act, { act: 'wait' });
    await eventually(() => expect(seen.at(-1)).toMatchObject({ event: 'started', id: running.id }));
    expect(await jobs.cancel(running.id)).toBe('cancelling');
    await eventually(() =>
      expect(seen.at(-1)).toEqual({
        event: 'cancelled',
        id: running.id,
        name: 'act',
        queue: 'stage',
        was: 'running',
      }),
    );
  });

  it('tells the producer of what it cancels and what it could not enqueue', async () => {
    const { queue, jobs, get } = await startProducer({ app: uniqueApp(), payloadLimit: 1_000 });
    const seen: Seen[] = [];
    record(get(JobEvents), seen);
    const { id } = await queue.enqueue(Act, { act: 'wait' }, { id: 'one' });
    await queue.enqueue(Act, { act: 'wait' }, { id: 'one' });
    await jobs.cancel(id);
    const untyped = queue as unknown as { enqueue(...args: unknown[]): Promise<unknown> };
    await expect(untyped.enqueue(Act, { act: 'wait', secret: 'x'.repeat(2_000) })).rejects.toThrow(/1000/);
    await expect(queue.enqueueMany(Act, [{ act: () => 1 } as never])).rejects.toThrow(/item 0/);
    await expect(untyped.enqueue('act')).rejects.toThrow(/defineJob/);
    const job = { name: 'act', queue: 'stage' };
    expect(seen).toEqual([
      { event: 'enqueued', id, ...job, status: 'created' },
      { event: 'enqueued', id, ...job, status: 'duplicate' },
      { event: 'cancelled', id, ...job, was: 'waiting' },
      { event: 'enqueue-failed', ...job, code: 'PAYLOAD_TOO_LARGE' },
      { event: 'enqueue-failed', ...job, code: 'PAYLOAD_NOT_SERIALIZABLE' },
      { event: 'enqueue-failed', name: undefined, queue: undefined, code: 'UNKNOWN_JOB' },
    ]);
  });

  it('tells when a shutdown hands a job back', async () => {
    const { seen, providers } = stage();
    const { queue, worker } = await startBoth({ providers }, { shutdownTimeout: 50 });
    const { id } = await queue.enqueue(Act, { act: 'wait' });
    await eventually(() => expect(seen.map(({ event }) => event)).toEqual(['started']));
    await worker.close();
    expect(seen.at(-1)).toEqual({ event: 'handed-back', id, name: 'act', queue: 'stage' });
  });

  it('tells of a job whose worker died, when another one finds it', async () => {
    const app = uniqueApp();
    const { queue } = await startProducer({ app });
    const { id } = await queue.enqueue(Act, { act: 'succeed' });
    // What a killed worker leaves behind: a running job without a lock.
    const redis = new Redis(sharedRedisUrl());
    const key = (type: string) => `scalr:{${app}}:stage:${type}`;
    await redis.rpoplpush(key('wait'), key('active'));
    redis.disconnect();
    const { seen, providers } = stage();
    await startWorker({ app, providers, worker: { stalledInterval: 100, lockDuration: 1_000 } });
    await eventually(() =>
      expect(seen.map(({ event }) => event)).toEqual(['stalled', 'started', 'completed']),
    );
    expect(seen[0]).toEqual({ event: 'stalled', id, name: 'act', queue: 'stage' });
  });

  it('goes on when listeners throw or reject, and tells the others', async () => {
    const { queue, get } = await startProducer({ app: uniqueApp() });
    const heard: string[] = [];
    const events = get(JobEvents);
    events.on('enqueued', () => {
      throw new Error('listener');
    });
    events.on('enqueued', () => Promise.reject(new Error('async listener')));
    const off = events.on('enqueued', ({ id }) => heard.push(id));
    const { id } = await queue.enqueue(Act, { act: 'succeed' });
    off();
    await queue.enqueue(Act, { act: 'succeed' });
    expect(heard).toEqual([id]);
  });
});

describe('logs', () => {
  it('are a readable line each, with the job id at the end of those of a handler', async () => {
    const app = uniqueApp();
    const { queue, jobs } = await startProducer({ app });
    const { lines, logger } = textLogger();
    await startWorker({ app, providers: stage().providers }, { logger });
    const job = await queue.enqueue(Act, { act: 'fail once', secret: SECRET });
    const other = await queue.enqueue(Act, { act: 'succeed' });
    for (const one of [job, other]) await jobs.waitFor(one, { timeout: '10s' });
    await eventually(() =>
      expect(lines.filter((line) => line.startsWith(`completed act ${job.id}`))).toHaveLength(1),
    );
    for (const { id } of [job, other]) {
      expect(lines).toContain(`deep down [job ${id}] | Stage`);
    }
    expect(lines).toContain(`acting: fail once [job ${job.id}] | Stage`);
    expect(lines.find((line) => line.startsWith(`retrying act ${job.id}`))).toMatch(
      /in stage: in \d+ ms, attempt 1 of 2, waited \d+ ms, ran \d+ ms, TypeError\[E_DB\]: no postgres:\/\/\[redacted\]@db/,
    );
    expect(lines.join('\n')).not.toContain(SECRET);
    expect(lines.filter((line) => line.includes('[job')).length).toBe(6);
  });

  it('are JSON lines for machines, with the same fields on each', async () => {
    vi.stubEnv('SCALR_LOG', 'json');
    const written: string[] = [];
    const spies = [process.stdout, process.stderr].map((stream) =>
      vi.spyOn(stream, 'write').mockImplementation((text) => written.push(String(text)) > 0),
    );
    onTestFinished(() => {
      vi.unstubAllEnvs();
      for (const spy of spies) spy.mockRestore();
      Logger.overrideLogger(false);
    });
    const app = uniqueApp();
    const { queue, jobs } = await startProducer({ app });
    await startWorker({ app, providers: stage().providers }, { logger: ['log', 'warn', 'error'] });
    const { id } = await queue.enqueue(Act, { act: 'fail', secret: SECRET });
    await jobs.waitFor(id, { timeout: '10s' }).catch(() => undefined);
    const lines = () =>
      written.flatMap((text) => text.trim().split('\n')).map((line) => JSON.parse(line) as object);
    const job = { jobId: id, queue: 'stage', jobName: 'act' };
    await eventually(() => expect(lines()).toContainEqual(expect.objectContaining({ event: 'dead' })));
    expect(lines()).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ level: 'log', event: 'started', attempt: 1, ...job }),
        expect.objectContaining({
          level: 'log',
          message: 'acting: fail',
          context: 'Stage',
          attempt: 1,
          ...job,
        }),
        expect.objectContaining({
          level: 'warn',
          message: 'deep down',
          context: 'Stage',
          attempt: 2,
          ...job,
        }),
        expect.objectContaining({ level: 'warn', event: 'retrying', errorCode: 'E_DB', ...job }),
        expect.objectContaining({ level: 'error', event: 'dead', reason: 'attempts', ...job }),
      ]),
    );
    expect(written.join('')).not.toContain(SECRET);
  });

  it('are left as they are where the logger of the app adds the fields by itself', async () => {
    const app = uniqueApp();
    const { queue, jobs } = await startProducer({ app });
    const { lines, logger } = textLogger();
    const fields: object[] = [];
    const mixing: LoggerService = {
      ...logger,
      log: (...args: [unknown]) => {
        fields.push(jobLogFields());
        return logger.log(...args);
      },
    };
    await startWorker({ app, providers: stage().providers }, { logger: mixing });
    const job = await queue.enqueue(Act, { act: 'succeed' });
    await jobs.waitFor(job, { timeout: '10s' });
    expect(lines).toContain('acting: succeed | Stage');
    expect(fields).toContainEqual({ jobId: job.id, jobName: 'act', queue: 'stage', attempt: 1 });
    expect(fields).toContainEqual({});
  });
});
