import { QueueConfigError } from '../contract/errors/configuration.errors.js';
import { pgAdapter } from './adapters/pg.adapter.js';
import { resolveOutboxOptions } from './outbox.options.js';
import { postgresOutbox } from './postgres.outbox.js';

const url = 'postgres://user:hunter2@db:5432/app';

afterEach(() => void vi.unstubAllEnvs());

it('has the defaults that its options name', () => {
  expect(resolveOutboxOptions({ url })).toEqual({
    pool: undefined,
    url,
    schema: 'scalr_queue',
    adapter: pgAdapter,
    strict: false,
    notify: true,
    relay: 'workers',
    keep: 7 * 24 * 3_600_000,
  });
});

it('finds PostgreSQL in the environment', () => {
  vi.stubEnv('SCALR_POSTGRES_URL', '');
  expect(() => postgresOutbox()).toThrow('no PostgreSQL is configured: set SCALR_POSTGRES_URL');
  vi.stubEnv('SCALR_POSTGRES_URL', url);
  expect(resolveOutboxOptions({}).url).toBe(url);
});

it.each([
  [{ url: 'mysql://root:hunter2@db/x' }, 'expected url to be a URL like postgres://'],
  [{ url, pool: {} }, 'expected postgresOutbox to get pool or url, got both'],
  [{ pool: {} }, 'expected pool to be a Pool of the package pg'],
  [{ url, schema: 'My Schema' }, 'expected schema to be at most 63 lower case letters'],
  [{ url, keep: '1m' }, 'expected keep to be a duration'],
  [{ url, relay: 'nowhere' }, 'expected relay to be one of "workers", "everywhere"'],
  [{ url, strct: true }, 'unknown option "strct" in the options of postgresOutbox, did you mean "strict"?'],
  [{ url, adapter: {} }, 'expected adapter.statement to be a function'],
  [{ url, adapter: 'typeorm' }, 'expected adapter to be an object'],
])('refuses %j', (options, message) => {
  const make = () => postgresOutbox(options as never);
  expect(make).toThrow(QueueConfigError);
  expect(make).toThrow(message);
  expect(make).not.toThrow('hunter2');
});
