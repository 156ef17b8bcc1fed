import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { freePort } from '../../scripts/process/ports.mjs';
import { supervise } from '../../scripts/process/supervise.mjs';
import { providePostgres } from '../../scripts/postgres/provide.mjs';
import { eventually } from '../support/eventually.js';
import { Database, PostgresServer } from '../support/postgres.js';

const provider = new URL('../../scripts/postgres/provide.mjs', import.meta.url).href;

describe('a PostgreSQL that is started here', () => {
  let server: PostgresServer;
  let dir: string;

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'scalr-provided-'));
  });

  afterEach(async () => {
    vi.unstubAllEnvs();
    await rm(dir, { recursive: true, force: true });
  });

  it('keeps what was written when all of its processes are killed', async () => {
    server = await PostgresServer.start();
    await using _ = server;
    await using database = await Database.create(server.url);
    await database.query('create table kept as select 1 as value');

    await server.kill();
    await server.restart();

    expect(await database.query('select value from kept')).toEqual([{ value: 1 }]);
  });

  it('answers nobody while it is frozen, not on a connection that is open either', async () => {
    server = await PostgresServer.start();
    await using _ = server;
    const client = new pg.Client(server.url);
    await client.connect();

    server.freeze();
    let answered = false;
    const asked = client.query('select 1').then(() => (answered = true));
    const newcomer = new pg.Client({ connectionString: server.url, connectionTimeoutMillis: 500 });
    newcomer.on('error', () => undefined);
    await expect(newcomer.connect()).rejects.toThrow(/timeout/i);
    expect(answered).toBe(false);

    server.thaw();
    await asked;
    await client.end();
  });

  it('ends with whoever has started it, even by SIGKILL, and is found again with its data', async () => {
    const asker = await supervise({
      command: process.execPath,
      args: [
        '--input-type=module',
        '-e',
        `import { providePostgres } from ${JSON.stringify(provider)};
         console.log((await providePostgres({ dir: ${JSON.stringify(dir)} })).url); setInterval(() => {}, 1e6);`,
      ],
      env: { ...process.env, SCALR_POSTGRES_URL: '' },
    });
    const url = await new Promise<string>((resolve) =>
      asker.stdout?.once('data', (chunk) => resolve(String(chunk).trim())),
    );
    const database = await Database.create(url);

    asker.signal('SIGKILL');
    await eventually(async () => !(await answers(database.url)));

    vi.stubEnv('SCALR_POSTGRES_URL', '');
    const again = await providePostgres({ dir });
    const moved = new URL(database.url);
    moved.port = new URL(again!.url).port;
    expect(await answers(moved.href)).toBe(true);
    await again!.stop();
  });

  it('is not started where one is named, though nothing answers there', async () => {
    const port = await freePort();
    vi.stubEnv('SCALR_POSTGRES_URL', `postgres://user:secret@127.0.0.1:${port}/app`);

    await expect(providePostgres({ dir })).rejects.toThrow(
      `SCALR_POSTGRES_URL names 127.0.0.1:${port}, where no PostgreSQL answers`,
    );
    vi.stubEnv('SCALR_POSTGRES_URL', 'secret');
    await expect(providePostgres({ dir })).rejects.toThrow(/^SCALR_POSTGRES_URL is not a URL like/);
  });

  it('is the named one where it answers, which is not stopped', async () => {
    server = await PostgresServer.start();
    await using _ = server;
    vi.stubEnv('SCALR_POSTGRES_URL', server.url);

    const named = await providePostgres({ dir });
    expect(named).toMatchObject({ url: server.url, origin: 'SCALR_POSTGRES_URL', isPrivate: false });
    await named!.stop();

    await using database = await Database.create(server.url);
    expect(await database.query('select 1 as value')).toEqual([{ value: 1 }]);
  });
});

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client(url);
  client.on('error', () => undefined);
  return client.connect().then(
    () => client.end().then(() => true),
    () => false,
  );
}
