import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { inject } from 'vitest';
import { findPostgres, type PostgresBinaries } from '../../scripts/postgres/find.mjs';
import { fleeting, startPostgresServer, type RunningPostgres } from '../../scripts/postgres/server.mjs';

/** The PostgreSQL that all tests of a run share: take a database of your own, and never stop it. */
function sharedPostgresUrl(): string {
  return inject('postgresUrl');
}

/** An empty database of one test's own, which goes away with it. */
export class Database implements AsyncDisposable {
  private constructor(
    private readonly server: string,
    readonly name: string,
  ) {}

  static async create(server = sharedPostgresUrl()): Promise<Database> {
    const name = `scalr_${randomUUID().replaceAll('-', '')}`;
    await run(server, `create database ${name}`);
    return new Database(server, name);
  }

  get url(): string {
    const url = new URL(this.server);
    url.pathname = `/${this.name}`;
    return url.href;
  }

  /** Runs statements, each on a connection of its own, and returns the rows of the last. */
  query(text: string, params: unknown[] = []): Promise<Record<string, unknown>[]> {
    return run(this.url, text, params);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await run(this.server, `drop database if exists ${this.name} with (force)`);
  }
}

async function run(url: string, text: string, params: unknown[] = []): Promise<Record<string, unknown>[]> {
  const client = new pg.Client(url);
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query(text, params)).rows as Record<string, unknown>[];
  } finally {
    await client.end();
  }
}

/** A PostgreSQL of one test's own, to be killed and frozen. */
export class PostgresServer implements AsyncDisposable {
  private constructor(
    private running: RunningPostgres,
    private readonly binaries: PostgresBinaries,
    private readonly settings: readonly string[],
  ) {}

  static async start(settings: readonly string[] = []): Promise<PostgresServer> {
    const binaries = await postgresBinaries();
    const dir = await mkdtemp(join(tmpdir(), 'scalr-postgres-'));
    const all = [...fleeting, ...settings];
    try {
      return new PostgresServer(await startPostgresServer({ binaries, dir, settings: all }), binaries, all);
    } catch (error) {
      await rm(dir, { recursive: true, force: true });
      throw error;
    }
  }

  get url(): string {
    return this.running.url;
  }

  get port(): number {
    return this.running.port;
  }

  /** SIGKILL to all of its processes: nothing is flushed or said to clients; resolves when it is gone. */
  async kill(): Promise<void> {
    this.signalAll('SIGKILL');
    await this.running.exited;
  }

  /** The same port, folder and settings again, with what reached the disk. Clients are cut off. */
  async restart(): Promise<void> {
    await this.running.stop();
    const { dir, port } = this.running;
    this.running = await startPostgresServer({
      binaries: this.binaries,
      dir,
      port,
      settings: this.settings,
    });
  }

  /** Connections stay open and nothing answers, as behind a dead network. */
  freeze(): void {
    this.signalAll('SIGSTOP');
  }

  thaw(): void {
    this.signalAll('SIGCONT');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.thaw();
    await this.running.stop();
    await rm(this.running.dir, { recursive: true, force: true });
  }

  /** The first process forks one for each connection: it is signalled first, so that there are no new ones meanwhile. */
  private signalAll(name: NodeJS.Signals): void {
    this.running.signal(name);
    for (const pid of childrenOf(this.running.pid)) {
      try {
        process.kill(pid, name);
      } catch {
        // Gone meanwhile.
      }
    }
  }
}

function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => parentOf(pid) === parent);
}

function parentOf(pid: number): number | undefined {
  try {
    // After the name, which may hold anything, come the state and the parent.
    return Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[1]);
  } catch {
    return undefined;
  }
}

/** `npm test` says what it found, so that not every test file has to look again. */
async function postgresBinaries(): Promise<PostgresBinaries> {
  const folder = process.env['SCALR_TEST_POSTGRES_FOLDER'];
  const libraryPath = process.env['SCALR_TEST_POSTGRES_LD_PATH'] ?? '';
  if (folder) {
    const env = libraryPath ? { ...process.env, LD_LIBRARY_PATH: libraryPath } : { ...process.env };
    return { folder, libraryPath, env };
  }
  const found = await findPostgres();
  if (!found) throw new Error('this test starts its own PostgreSQL: it needs postgres on PATH');
  return found;
}
