import { Redis } from 'ioredis';
import { defineJob, QueueConfigError } from 'scalr-queue';
import { ScalrQueueDashboardModule } from 'scalr-queue/dashboard';
import { onTestFinished, vi } from 'vitest';
import { startDashboard } from '../support/dashboard.js';
import { seedDead } from '../support/dead-jobs.js';
import { eventually } from '../support/eventually.js';
import { RedisServer, sharedRedisUrl } from '../support/redis.js';

const Mail = defineJob<object>('mail', { queue: 'post' });
const SECRET = 'hunter2';

/** The dashboard over one dead job whose record is as given. */
async function showing(fields: Record<string, string>, dashboard = {}) {
  const board = await startDashboard(dashboard);
  await board.queue.enqueue(Mail, {}, { delay: '1h' });
  await seedDead(sharedRedisUrl(), { app: board.app, queue: 'post', name: 'mail', count: 1 });
  const redis = new Redis(sharedRedisUrl());
  const key = `scalr:{${board.app}}:post:mail~seeded-0`;
  if (Object.keys(fields).length > 0) await redis.hset(key, fields);
  onTestFinished(() => redis.disconnect());
  const path = '/queues/api/queues/post/mail~seeded-0';
  await eventually(async () => expect((await board.call(path)).status).toBe(200));
  return { ...board, redis, key, path, text: await (await board.call(path)).text() };
}

describe('secrets', () => {
  it('are masked in payloads, results, progress, errors, stacks and log lines', async () => {
    const secrets = {
      user: 'ada',
      password: SECRET,
      nested: [{ API_KEY: SECRET, userToken: { deep: SECRET } }],
      url: `postgres://root:${SECRET}@db/x`,
    };
    const { text, call, path, redis, key } = await showing({
      data: JSON.stringify(secrets),
      returnvalue: JSON.stringify(secrets),
      progress: JSON.stringify(secrets),
      failedReason: `attempts Error: no postgres://root:${SECRET}@db for password=${SECRET}`,
      stacktrace: JSON.stringify([`2026-01-01T00:00:00Z attempt 1\nError: token=${SECRET}\n  at x`]),
      opts: JSON.stringify({ attempts: 3, de: { id: SECRET }, tm: SECRET, scalr: { timeout: 5 } }),
      deid: SECRET,
    });
    await redis.rpush(`${key}:logs`, `authorization: ${SECRET}`, 'all is well');
    expect(text).not.toContain(SECRET);
    const { job } = JSON.parse(text) as { job: Record<string, Record<string, unknown>> };
    expect(job['data']).toEqual({
      user: 'ada',
      password: '[redacted]',
      nested: [{ API_KEY: '[redacted]', userToken: '[redacted]' }],
      url: 'postgres://[redacted]@db/x',
    });
    expect(job['opts']).toEqual({ attempts: 3, timeout: 5 });
    const logs = (await (await call(`${path}/logs`)).json()) as string[];
    expect(logs).toEqual(['authorization: [redacted]', 'all is well']);
    expect(await (await call('/queues/api/queues?activeQueue=post&status=failed')).text()).not.toContain(
      SECRET,
    );
  });

  it('are what the hook of the app says, and nothing is shown when it fails', async () => {
    const data = JSON.stringify({ name: 'Ada', age: 36, password: SECRET });
    const seen: unknown[] = [];
    const redact = (payload: unknown, job: unknown) => {
      seen.push(job);
      return { ...(payload as object), name: 'X' };
    };
    const { text } = await showing({ data }, { redact });
    expect(JSON.parse(text)).toMatchObject({ job: { data: { name: 'X', age: 36, password: '[redacted]' } } });
    expect(seen[0]).toEqual({ id: 'seeded-0', name: 'mail', queue: 'post' });
    const failing = () => {
      throw new Error(SECRET);
    };
    for (const hook of [failing, async () => ({ password: SECRET })]) {
      const shown = await showing({ data }, { redact: hook });
      expect(shown.text).toContain('[redacted: the hook');
      expect(shown.text).not.toMatch(/Ada|hunter2/);
    }
  });
});

describe('what is large', () => {
  it('is cut, to what is allowed for one job', async () => {
    const { text } = await showing({
      data: JSON.stringify({ text: 'é'.repeat(40_000) }),
      returnvalue: '"more"',
    });
    expect(Buffer.byteLength(text)).toBeLessThan(20_000);
    expect(text).toContain('... truncated, 80011 bytes in all');
    expect(text).not.toContain('\uFFFD');
  });

  it('is not read at all when it is huge', async () => {
    const { text, call } = await showing({ data: `{"text":"${'x'.repeat(50 * 2 ** 20)}"}` });
    expect(text.length).toBeLessThan(4_000);
    expect(text).toContain('"... truncated, 52428811 bytes in all"');
    const list = await call('/queues/api/queues?activeQueue=post&status=failed');
    expect((await list.text()).length).toBeLessThan(10_000);
  });

  it('and what is broken is shown as far as it goes', async () => {
    const { text } = await showing({ data: '{', stacktrace: 'x', opts: '[', progress: '', returnvalue: '}' });
    expect(JSON.parse(text)).toMatchObject({ job: { data: '[not readable as JSON]', opts: {} } });
  });
});

describe('when Redis', () => {
  it.each(['freeze', 'kill'] as const)(
    'is gone (%s), each request ends soon with 503, and the page is there',
    async (how) => {
      await using redis = await RedisServer.start();
      const { call, put, queue } = await startDashboard({}, { redis: redis.url });
      const { id } = await queue.enqueue(Mail, {});
      const job = `/queues/api/queues/post/mail~${id}`;
      await eventually(async () => expect((await call(job)).status).toBe(200));
      if (how === 'freeze') redis.freeze();
      else await redis.kill();
      const begin = performance.now();
      const answers = await Promise.all([call('/queues/api/queues'), call(job), call(`${job}/logs`), put(`${job}/retry`),
      put('/queues/api/queues/post/retry/failed'), call('/queues/api/job-schedulers')]); // prettier-ignore
      expect(performance.now() - begin).toBeLessThan(15_000);
      for (const answer of answers) {
        expect([answer.url, answer.status]).toEqual([answer.url, 503]);
        expect(await answer.json()).toMatchObject({ message: 'Redis does not answer' });
      }
      expect((await call('/queues')).status).toBe(200);
      if (how === 'freeze') redis.thaw();
      else await redis.restart();
      await eventually(async () => expect((await call('/queues/api/queues')).status).toBe(200));
    },
  );
});

describe('at boot', () => {
  const start = (options: object) => () =>
    startDashboard({ credentials: undefined, readOnly: undefined, ...options });
  const good = { user: 'ada', password: 'f3ac1b0d9e7745aa' };
  beforeEach(() => {
    vi.unstubAllEnvs();
    vi.stubEnv('SCALR_DASHBOARD_PASSWORD', undefined);
    vi.stubEnv('SCALR_DASHBOARD_USER', undefined);
  });
  afterAll(() => void vi.unstubAllEnvs());

  it('an app in production does not start open, nor with a short password', async () => {
    vi.stubEnv('NODE_ENV', 'production');
    await expect(start({})()).rejects.toThrow(/without credentials.*set SCALR_DASHBOARD_PASSWORD/);
    await expect(start({ credentials: [] })()).rejects.toThrow(QueueConfigError);
    const failure = await start({ credentials: { user: 'ada', password: 'eleven-long' } })().catch(
      (error: unknown) => error,
    );
    expect(String(failure)).toMatch(
      /QueueConfigError: .*is refused in production: .*fewer than 12 characters/,
    );
    expect(String(failure)).not.toContain('eleven-long');
    await start({ credentials: good })();
    await start({ enabled: false })();
  });

  it('takes the settings of the environment', async () => {
    vi.stubEnv('SCALR_DASHBOARD_USER', 'bob');
    await expect(start({})()).rejects.toThrow('SCALR_DASHBOARD_PASSWORD is not');
    vi.stubEnv('SCALR_DASHBOARD_PASSWORD', 'of the environment');
    const as = { user: 'bob', password: 'of the environment' };
    const reading = await start({})();
    expect((await reading.call('/queues', { as })).status).toBe(200);
    expect((await reading.put('/queues/api/queues/pause', { as })).status).toBe(403);
    vi.stubEnv('SCALR_DASHBOARD_WRITES', 'true');
    expect((await (await start({})()).put('/queues/api/queues/pause', { as })).status).toBe(200);
  });

  it.each([
    [{ path: 'queues' }, 'expected path to be'],
    [{ path: '/a/../b' }, 'expected path to be'],
    [{ path: '/' }, 'expected path to be'],
    [{ maxBytes: 10 }, 'expected maxBytes to be an integer from 1024'],
    [{ redact: 'x' }, 'expected redact to be a function'],
    [{ publicUrl: '/queues' }, 'expected publicUrl to be a URL like'],
    [{ publicUrl: 'https://u:p@x/queues' }, 'expected publicUrl to be a URL like'],
    [{ readonly: true }, 'did you mean "readOnly"?'],
    [{ credentials: { user: 'a:b', password: 'x' } }, 'expected credentials.user to be'],
    [{ credentials: [{ user: 'a', password: 7 }] }, 'expected credentials[0].password to be'],
    [{ credentials: [good, good] }, 'expected credentials to be of different users'],
  ])('refuses %o', async (options, message) => {
    await expect(start(options)()).rejects.toThrow(message);
  });

  it('takes its options from other providers, too', async () => {
    const module = ScalrQueueDashboardModule.forRootAsync({
      imports: [
        { module: class Settings {}, providers: [{ provide: 'AT', useValue: '/here' }], exports: ['AT'] },
      ],
      inject: ['AT'],
      useFactory: async (path: string) => ({ path, credentials: good }),
    });
    const { call } = await startDashboard({ enabled: false }, { imports: [module] });
    expect((await call('/here', { as: good })).status).toBe(200);
  });
});
