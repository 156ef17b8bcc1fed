import { Ajv, type ErrorObject } from 'ajv';
import { join } from 'node:path';
import ms, { type StringValue } from 'ms';
import { parseAllDocuments } from 'yaml';
import {
  DEFAULT_CONCURRENCY,
  DEFAULT_SHUTDOWN_TIMEOUT,
} from '../../libs/scalr-queue/src/contract/defaults.js';
import { readEnvironment } from '../../libs/scalr-queue/src/config/environment.js';
import { commandLine } from '../support/command-line.js';
import { loadCompose, readRoot, type Service, uncommentWorker } from './deployment-files.js';

const shipped = readRoot('docker-compose.yml');
const manifest = JSON.parse(readRoot('libs/scalr-queue/package.json')) as { bin: Record<string, string> };
const sharedRedis = readRoot('ops/redis/compose.yml');
const activated = uncommentWorker(shipped);

function service(name: string, text = activated, env?: Record<string, string>): Service {
  const found = loadCompose(text, env).services[name];
  if (!found) throw new Error(`no service ${name}`);
  return found;
}

function environment(name: string, env?: Record<string, string>): Record<string, string> {
  const entries = Object.entries(service(name, activated, env).environment ?? {});
  return Object.fromEntries(entries.map(([key, value]) => [key, String(value)]));
}

describe('Compose Specification', () => {
  // The schema names its dialect by a URL that Ajv does not know (https, no #); the dialect is Ajv's default.
  const { $schema: _, ...schema } = JSON.parse(readRoot('test/deploy/compose-spec.schema.json')) as object & {
    $schema: string;
  };
  const validate = new Ajv({ strict: false, allErrors: true }).compile(schema);
  const errorsOf = (document: unknown): ErrorObject[] => (validate(document) ? [] : (validate.errors ?? []));

  it.each([
    ['as shipped', shipped],
    ['with the worker', activated],
    ['for Redis', sharedRedis],
  ])('the compose file is valid %s', (_, text) => {
    expect(errorsOf(loadCompose(text))).toEqual([]);
  });

  it.each([
    ['an unknown key', (s: Service) => Object.assign(s, { stop_grace: '35s' })],
    [
      'an unknown condition',
      (s: Service) => Object.assign(s, { depends_on: { redis: { condition: 'ready' } } }),
    ],
    ['a command of the wrong type', (s: Service) => Object.assign(s, { command: 3 })],
    [
      'a health check without a list',
      (s: Service) => Object.assign(s, { healthcheck: { test: { CMD: 'x' } } }),
    ],
  ])('the schema refuses %s', (_, breakIt) => {
    const file = loadCompose(activated);
    breakIt(file.services['worker']!);
    expect(errorsOf(file)).not.toEqual([]);
  });

  it('ships without a worker, and uncommenting adds nothing else', () => {
    const { worker, ...others } = loadCompose(activated).services;
    expect(worker).toBeDefined();
    expect(loadCompose(shipped).services).toEqual(others);
  });
});

describe('scalr-redis', () => {
  const redis = service('scalr-redis', sharedRedis);
  const flag = (name: string) => redis.command?.[redis.command.indexOf(`--${name}`) + 1];

  it('keeps acknowledged jobs: AOF everysec, never evicts', () => {
    expect(redis.command?.[0]).toBe('redis-server');
    expect(flag('appendonly')).toBe('yes');
    expect(flag('appendfsync')).toBe('everysec');
    expect(flag('maxmemory-policy')).toBe('noeviction');
  });

  it('has room above maxmemory for the rewrite of the AOF', () => {
    const megabytes = (text = '') => Number(/^(\d+)mb?$/.exec(text)?.[1]);
    expect(megabytes(redis.mem_limit)).toBeGreaterThanOrEqual(2 * megabytes(flag('maxmemory')));
  });

  it('stores its data in a volume that has a fixed name', () => {
    expect(redis.volumes).toEqual(['scalr-redis-data:/data']);
    expect(loadCompose(sharedRedis).volumes).toEqual({ 'scalr-redis-data': { name: 'scalr-redis-data' } });
  });

  it('is reachable on scalr-edge only', () => {
    expect(redis).not.toHaveProperty('ports');
    expect(redis.networks).toEqual(['scalr-edge']);
    expect(loadCompose(sharedRedis).networks).toEqual({ 'scalr-edge': { name: 'scalr-edge' } });
  });

  it('cannot exist twice under one name, and outlives every app', () => {
    expect(redis.container_name).toBe('scalr-redis');
    expect(loadCompose(sharedRedis)).toMatchObject({ name: 'scalr-redis' });
    expect(Object.keys(loadCompose(activated).services)).not.toContain('scalr-redis');
    expect(loadCompose(activated).volumes).not.toHaveProperty('scalr-redis-data');
  });

  it('is pinned to a minor version, checked by a ping and started again', () => {
    expect(redis.image).toMatch(/^redis:\d+\.\d+-alpine$/);
    expect(redis.healthcheck?.test.join(' ')).toContain('redis-cli ping');
    expect(redis.restart).toBe('unless-stopped');
  });
});

it.each([
  ['web', activated],
  ['worker', activated],
  ['scalr-redis', sharedRedis],
  ['postgres', activated],
  ['console', activated],
])('%s has a read-only root file system, no capability and no way to gain one', (name, text) => {
  expect(service(name, text)).toMatchObject({
    read_only: true,
    tmpfs: expect.arrayContaining(['/tmp']),
    cap_drop: ['ALL'],
    security_opt: ['no-new-privileges:true'],
  });
});

describe('console', () => {
  const shown = service('console');
  const [deployment, front] = parseAllDocuments(readRoot('ops/kubernetes/console.yml')).map(
    (document) => document.toJS() as { spec: Record<string, never> },
  );
  const pod = deployment!.spec['template']!['spec'] as { containers: [Record<string, unknown>] };
  const [container] = pod.containers;

  it('is there for a host that asks for it, from the image of web', () => {
    expect(shown.profiles).toEqual(['console']);
    expect(shown.image).toBe(service('web').image);
    expect(shown.pull_policy).toBe('never');
  });

  it('is reachable from the host only, and looks as a user of its own', () => {
    expect(shown.ports).toEqual(['127.0.0.1:3002:3002']);
    const own = {
      SCALR_CONSOLE_REDIS_URL: 'redis://console:p@scalr-redis:6379/0',
      SCALR_CONSOLE_USER: 'ada',
    };
    expect(environment('console', own)).toEqual({ ...own, SCALR_CONSOLE_PASSWORD: '' });
    expect(shown.command).not.toContain('--writes');
  });

  it('runs a command that the library has', async () => {
    const [node, script, ...args] = shown.command!;
    expect([node, script]).toEqual(['node', join('node_modules/scalr-queue', manifest.bin['scalr-queue']!)]);
    const { err } = await commandLine('none', 'redis://127.0.0.1:1')([...args, '--accounts', '/none']);
    expect(err).toContain('the accounts cannot be read from /none');
  });

  it('is the same in Kubernetes', () => {
    expect(container['command']).toEqual(shown.command);
    const names = (container['env'] as { name: string }[]).map(({ name }) => name);
    expect(names.toSorted()).toEqual(['NODE_ENV', ...Object.keys(environment('console'))].toSorted());
    expect(container['securityContext']).toEqual({
      readOnlyRootFilesystem: true,
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
    });
    expect(front!.spec['ports']).toEqual([{ name: 'http', port: 3002, targetPort: 'http' }]);
    expect(container['ports']).toEqual([{ name: 'http', containerPort: 3002 }]);
  });
});

describe('postgres', () => {
  const postgres = service('postgres');

  it('is there for an app that asks for it', () => {
    expect(postgres.profiles).toEqual(['postgres']);
    for (const name of ['web', 'worker']) expect(service(name)).not.toHaveProperty('depends_on');
  });

  it('is reachable by this app only, with a password that has no default', () => {
    expect(postgres).not.toHaveProperty('ports');
    expect(postgres.networks).toEqual(['default']);
    expect(environment('postgres')).toMatchObject({ POSTGRES_PASSWORD: '' });
  });

  it('is where the file says that SCALR_POSTGRES_URL points', () => {
    const { POSTGRES_USER, POSTGRES_DB, POSTGRES_PASSWORD } = environment('postgres', {
      POSTGRES_PASSWORD: 'secret',
    });
    const url = `postgres://${POSTGRES_USER}:${POSTGRES_PASSWORD}@postgres:5432/${POSTGRES_DB}`;
    expect(shipped).toContain(`SCALR_POSTGRES_URL=${url}\n`);
    for (const name of ['web', 'worker'])
      expect(environment(name, { SCALR_POSTGRES_URL: url })).toMatchObject({ SCALR_POSTGRES_URL: url });
  });

  it('stores its data in a volume of the app', () => {
    expect(postgres.volumes).toEqual(['postgres-data:/var/lib/postgresql/data']);
    expect(loadCompose(activated).volumes).toEqual({ 'postgres-data': {} });
  });

  it('is pinned to a major version, checked by TCP and started again', () => {
    expect(postgres.image).toMatch(/^postgres:\d+-alpine$/);
    expect(postgres.healthcheck?.test.join(' ')).toContain('pg_isready --quiet --host 127.0.0.1');
    expect(postgres.restart).toBe('unless-stopped');
  });
});

describe.each(['web', 'worker'])('%s', (name) => {
  it('joins the network of the shared Redis, and that of its own PostgreSQL', () => {
    expect(service(name).networks).toEqual(['scalr-edge', 'default']);
    expect(loadCompose(activated).networks).toEqual({ 'scalr-edge': { name: 'scalr-edge', external: true } });
  });

  it('gets the default Redis and app, and those of .env', () => {
    expect(environment(name)).toMatchObject({ SCALR_REDIS_URL: 'redis://scalr-redis:6379/0', SMTP_URL: '' });
    const own = {
      SCALR_APP: 'billing',
      SCALR_REDIS_URL: 'rediss://u:p@redis.example:6380/0',
      SMTP_URL: 'smtp://mail',
    };
    expect(environment(name, own)).toMatchObject(own);
  });

  it('has an environment that the library accepts', () => {
    expect(() => readEnvironment(environment(name))).not.toThrow();
  });

  it('is started again, by node behind an init process', () => {
    expect(service(name)).toMatchObject({ init: true, restart: 'unless-stopped' });
    expect(service(name).command?.[0]).toBe('node');
  });
});

describe('worker', () => {
  it('runs the image of web, which alone builds it', () => {
    const project = { COMPOSE_PROJECT_NAME: 'billing' };
    expect(service('worker', activated, project).image).toBe('billing-app');
    expect(service('web', activated, project).image).toBe('billing-app');
    expect(service('web').build).toBe('.');
    expect(service('worker')).not.toHaveProperty('build');
    expect(service('worker').pull_policy).toBe('never');
  });

  it('starts the worker, and publishes nothing', () => {
    expect(service('worker').command).toEqual(['node', 'dist/main.worker.js']);
    expect(service('worker')).not.toHaveProperty('ports');
  });

  it('alone gets the secret that it signs webhooks with, and no default for it', () => {
    expect(environment('worker')).toMatchObject({ WEBHOOK_SECRET: '' });
    expect(environment('worker', { WEBHOOK_SECRET: 'own' })).toMatchObject({ WEBHOOK_SECRET: 'own' });
    expect(environment('web', { WEBHOOK_SECRET: 'own' })).not.toHaveProperty('WEBHOOK_SECRET');
  });

  it('has more time to stop than its jobs have to finish', () => {
    const { shutdownTimeout } = readEnvironment(environment('worker'));
    expect(shutdownTimeout).toBe(DEFAULT_SHUTDOWN_TIMEOUT);
    expect(ms(service('worker').stop_grace_period as StringValue)).toBeGreaterThan(shutdownTimeout! + 1_000);
  });

  it('has the defaults of the library', () => {
    expect(readEnvironment(environment('worker'))).toMatchObject({
      workerPort: 3001,
      workerConcurrency: DEFAULT_CONCURRENCY,
      workerQueues: undefined,
    });
  });
});
